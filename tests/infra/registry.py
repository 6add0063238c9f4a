"""The checks by name, and the helpers that they share."""

CHECKS = {}


def check(function):
    CHECKS[function.__name__] = function
    return function


def controllers(site):
    return site.of_type("AWS::Lambda::Function")
