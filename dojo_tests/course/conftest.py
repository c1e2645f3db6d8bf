"""What the tests of the course share: a git repository of a folder."""

import subprocess

import pytest


@pytest.fixture(scope="session")
def commit_all():
    """Commits all files of a folder, which becomes a git repository."""
    identity = ["-c", "user.name=A Learner", "-c", "user.email=learner@example.org"]

    def run_git(folder, *command):
        subprocess.run(["git", *identity, *command], cwd=folder, check=True, capture_output=True)

    def commit_all_of(folder):
        run_git(folder, "init")
        run_git(folder, "add", "--all")
        run_git(folder, "commit", "--message", "As it is now")

    return commit_all_of
