def reshape_and_permute(x):
    rows = x.reshape(2, 3)
    return rows, rows.permute(1, 0)
