"""What Dagger sees: arguments, objects with functions, and the functions of releases."""
