"""``make run``: the main job on embedded servers, for a first look."""
