"""What the owners of the house set for everybody: its name, who may sign up, where mail leaves."""
