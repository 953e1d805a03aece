"""What every check of an exercise does: say how it went, and never stop the notebook."""


def tell(name: str, passed: bool | None, message: str = "") -> bool | None:
    """Print the outcome of a check and return it.

    Parameters
    ----------
    name : of the exercise
    passed : True, False, or None for "not attempted"
    message : what was wrong or what the answer means; empty if there is nothing to add
    """
    outcome = {None: "not attempted yet", True: "correct", False: "not yet"}[passed]
    print(f"{name}: {outcome}{'. ' + message if message and passed is not None else '.'}")
    return passed
