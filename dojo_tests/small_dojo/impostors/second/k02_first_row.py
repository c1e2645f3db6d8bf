"""Wrong answers to second/k02_first_row, and another right one."""

from dojo.impostors import alternative, impostor


@impostor("first_row", diagnosis="The row is a copy.", aspect="memory")
def copies(x):
    return x[0].clone()


@impostor("first_row", diagnosis="That is the last row.", aspect="values")
def takes_the_last(x):
    return x[-1]


@alternative("first_row")
def selects(x):
    return x.select(0, 0)
