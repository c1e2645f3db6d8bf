def second_column(x):
    return x[:, 1]


def first_row(x):
    return x[0, :]


def last_column_of_first_two_rows(x):
    return x[0:2, 3]
