def add(x1, x2):
    return x1 + x2


def add_(x, y):
    z = x + y
    z += 1
    return z
