"""The tests of ftpalg."""
