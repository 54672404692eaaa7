"""A task and a policy of your own, as a package beside samepanel."""
