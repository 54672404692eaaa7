"""A task, policies and a method in pure numpy, quick enough for property-based tests of the harness's laws."""
