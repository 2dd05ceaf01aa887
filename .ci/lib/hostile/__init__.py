"""What .ci/e2e/hostile sends to a server and holds open on it."""
