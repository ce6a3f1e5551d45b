"""Git by the git program, run on the host: the only place that talks to repositories.

program      one run of git: its variables, its limits, its message when it fails
access       how one repository is reached: whose configuration, which credentials
listing      the refs of repositories, listed once a session
checkout     a commit as a directory, the same bytes each time
local        a repository that is in a directory of the API
trees        trees of commits and common ancestors, kept in the store
"""
