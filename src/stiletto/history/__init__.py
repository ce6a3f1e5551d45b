"""What ran in the last calls of a directory, and what each step saw: for `stiletto explain`.

    notes     what a call notes of its functions and steps: plain data
    shapes    trees of files by directory, so that an edit keeps what changed only
    journal   keeps notes and inputs in the store, and finds them again
    changes   where two trees differ: added, removed, renamed, other content, mode or link
    causes    why a step ran: the deepest input that differs from its last success
    answer    for each step of a call: whether it ran, and why
    page      the same as text

Nothing here decides what runs. What is missing, damaged or of another version counts as absent.
"""
