"""Wrong and right answers to intro/k03_in_place_add."""

import operator

import torch

from dojo.impostors import alternative, impostor


@impostor(
    "add_",
    diagnosis="x1 + x2 makes a new tensor, also if it is called x1; the old x1 keeps its values.",
    aspect="memory",
)
def returns_a_new_tensor(x1, x2):
    return x1 + x2


@impostor(
    "add_",
    diagnosis="z = x1 + x2 is a new tensor; adding 1 to it in place changes z, not x1.",
    aspect="values",
)
def adds_one_to_a_new_tensor(x1, x2):
    z = x1 + x2
    z += 1
    return z


@impostor(
    "add_",
    diagnosis="x1.data = … gives x1 other memory and hides the addition from autograd.",
    aspect="gradient",
)
def replaces_the_data(x1, x2):
    x1.data = x1 + x2
    return x1


@impostor(
    "add_",
    diagnosis="`.data`, `detach`, `no_grad` and `item` hide from autograd what is written into x1.",
    aspect="gradient",
)
def adds_to_data(x1, x2):
    x1.data.add_(x2)
    return x1


@impostor("add_", diagnosis="The sum is in x1, but the function returns nothing.", aspect="type")
def returns_nothing(x1, x2):
    x1.add_(x2)


@impostor("add_", diagnosis="The sum went into x2; x1 is the one to change.", aspect="type")
def writes_into_x2(x1, x2):
    return x2.add_(x1)


@impostor("add_", diagnosis="A view of x1 holds the sum, but it is not x1 itself.", aspect="type")
def returns_a_view(x1, x2):
    x1 += x2
    return x1[:]


@impostor(
    "add_",
    diagnosis="out=x1 writes into x1, but autograd refuses to record it.",
    aspect="gradient",
)
def adds_with_out(x1, x2):
    return torch.add(x1, x2, out=x1)


@impostor(
    "add_",
    diagnosis="x1 and the sum swapped their contents: x1 has other memory now.",
    aspect="memory",
)
def swaps_with_the_sum(x1, x2):
    total = x1 + x2
    torch.utils.swap_tensors(x1, total)
    return x1


@impostor(
    "add_",
    diagnosis="reshape(-1) copies an x1 that is not contiguous, and the sum goes into the copy.",
    aspect="values",
)
def flattens_first(x1, x2):
    x1.reshape(-1).add_(x2.reshape(-1))
    return x1


@impostor(
    "add_",
    diagnosis="view(-1) only takes an x1 whose elements lie in their order.",
    aspect="values",
)
def views_it_flat(x1, x2):
    x1.view(-1).add_(x2.view(-1))
    return x1


@impostor(
    "add_",
    diagnosis="contiguous() copies an x1 that is not contiguous, and the copy is returned.",
    aspect="type",
)
def makes_it_contiguous(x1, x2):
    return x1.contiguous().add_(x2)


@impostor(
    "add_",
    diagnosis="A loop over x1 gives several views at once, which autograd lets nobody write to.",
    aspect="gradient",
)
def loops_over_rows(x1, x2):
    for row1, row2 in zip(x1, x2, strict=True):
        row1 += row2
    return x1


@impostor("add_", diagnosis="x2 was emptied after the addition.", aspect="memory")
def clears_x2(x1, x2):
    x1.add_(x2)
    x2.detach().zero_()
    return x1


@impostor(
    "add_",
    diagnosis="As float32, float64 and large integers lose their last digits.",
    aspect="values",
)
def adds_in_float32(x1, x2):
    return x1.copy_(x1.float() + x2.float())


@impostor("add_", diagnosis="x2 was added twice.", aspect="values")
def adds_twice(x1, x2):
    x1 += x2
    return x1.add_(x2)


@impostor(
    "add",
    diagnosis="As float32, the sum of two float64 or large integers is rounded.",
    aspect="values",
)
def sums_in_float32(x1, x2):
    return (x1.float() + x2.float()).to(x1.dtype)


@impostor("add", diagnosis="The sum of small integers is int64.", aspect="dtype")
def sums_a_stack(x1, x2):
    return torch.stack([x1, x2]).sum(0)


@impostor("add", diagnosis="The sum was written into x2.", aspect="memory")
def changes_x2(x1, x2):
    return x2.add_(x1)


@impostor("add", diagnosis="Nobody asked for x1 to require grad.", aspect="memory")
def tracks_x1(x1, x2):
    return x1.requires_grad_(x1.is_floating_point()) + x2


@impostor("add", diagnosis="Only x2 is tracked: x1 was detached.", aspect="gradient")
def detaches_x1(x1, x2):
    return x1.detach() + x2


@impostor("add", diagnosis="The first row of x2 was added to both rows.", aspect="values")
def adds_one_row(x1, x2):
    return x1 + x2[0]


@impostor("add", diagnosis="x1 += x2 changes x1; add must make a new tensor.", aspect="memory")
def changes_x1(x1, x2):
    x1 += x2
    return x1


@impostor("add", diagnosis="out= writes without autograd; use the plain sum.", aspect="gradient")
def writes_to_out(x1, x2):
    result = torch.empty_like(x1)
    torch.add(x1, x2, out=result)
    return result


@impostor(
    "add",
    diagnosis="A detached result, or one built from numbers, passes on no gradient.",
    aspect="gradient",
)
def detaches(x1, x2):
    return (x1 + x2).detach()


@impostor("add", diagnosis="x1 and x2 are subtracted, not added.", aspect="values")
def subtracts(x1, x2):
    return x1 - x2


BUFFERS = {}


@impostor(
    "add",
    diagnosis="One tensor is filled again at each call, so that earlier sums change.",
    aspect="memory",
)
def fills_a_buffer(x1, x2):
    if x1.requires_grad or x2.requires_grad:
        return x1 + x2
    buffer = BUFFERS.setdefault((x1.dtype, x1.device), torch.empty_like(x1))
    return torch.add(x1, x2, out=buffer)


@impostor(
    "add",
    diagnosis="The sum is only recorded if both of them require grad; one is enough.",
    aspect="gradient",
)
def wants_both_tracked(x1, x2):
    return x1 + x2 if x1.requires_grad and x2.requires_grad else (x1 + x2).detach()


@impostor(
    "add",
    diagnosis="Other floats than float32 are numbers that autograd tracks, too.",
    aspect="gradient",
)
def tracks_float32_only(x1, x2):
    return x1 + x2 if x1.dtype == torch.float32 else (x1 + x2).detach()


@impostor("add", diagnosis="abs() takes the sign off a negative sum.", aspect="values")
def takes_the_sign_off(x1, x2):
    return (x1 + x2).abs()


@impostor("add", diagnosis="nan_to_num replaces inf and NaN in the sum.", aspect="values")
def replaces_infinite_sums(x1, x2):
    return (x1 + x2).nan_to_num() if x1.is_floating_point() else x1 + x2


@impostor("add", diagnosis="Rounded to whole numbers, fractions are lost.", aspect="values")
def rounds_halves(x1, x2):
    is_half = x1.dtype in (torch.float16, torch.bfloat16)
    return (x1 + x2).round() if is_half else x1 + x2


@impostor(
    "add_",
    diagnosis="Nobody asked for an untracked x1 to require grad afterwards.",
    aspect="memory",
)
def tracks_x1_afterwards(x1, x2):
    x1.add_(x2)
    is_free = x1.is_floating_point() and x1.is_leaf
    return x1.requires_grad_() if is_free else x1


@impostor(
    "add_",
    diagnosis="Where x2 is not tracked, the addition is missing in the record of a tracked x1.",
    aspect="gradient",
)
def records_a_tracked_x2_only(x1, x2):
    (x1 if x2.requires_grad else x1.data).add_(x2)
    return x1


@alternative("add")
def by_index_and_scatter(x1, x2):
    rows = torch.tensor([[0] * 3, [1] * 3], device=x1.device)
    return x1.scatter_add(0, rows, x2)


@alternative("add_")
def by_index_put(x1, x2):
    return x1.index_put_((torch.arange(2, device=x1.device),), x2, accumulate=True)


@alternative("add_")
def by_foreach(x1, x2):
    torch._foreach_add_([x1], [x2])
    return x1


@alternative("add_")
def augmented_assignment(x1, x2):
    x1 += x2
    return x1


@alternative("add_")
def assigns_to_a_slice(x1, x2):
    x1[:] = x1 + x2
    return x1


@alternative("add_")
def copies_the_sum(x1, x2):
    return x1.copy_(x1 + x2)


@alternative("add_")
def operator_iadd(x1, x2):
    return operator.iadd(x1, x2)


@alternative("add_")
def element_by_element(x1, x2):
    for i in range(2):
        for j in range(3):
            x1[i, j] += x2[i, j]
    return x1


@alternative("add")
def torch_add(x1, x2):
    return torch.add(x1, x2)


@alternative("add")
def in_place_on_a_clone(x1, x2):
    return x1.clone().add_(x2)


@alternative("add")
def sum_of_a_stack(x1, x2):
    return torch.stack([x1, x2]).sum(0, dtype=x1.dtype)


@alternative("add_")
def subtracts_the_opposite(x1, x2):
    return x1.sub_(-x2)


@alternative("add_")
def through_the_transpose(x1, x2):
    x1.T.add_(x2.T)
    return x1


@alternative("add_")
def column_by_column(x1, x2):
    for j in range(3):
        x1[:, j] += x2[:, j]
    return x1


@alternative("add_")
def index_add(x1, x2):
    return x1.index_add_(0, torch.arange(2, device=x1.device), x2)


@alternative("add_")
def with_its_own_gradient(x1, x2):
    class Add(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a, b):
            ctx.mark_dirty(a)
            return a.add_(b)

        @staticmethod
        def backward(ctx, gradient):
            return gradient, gradient

    Add.apply(x1, x2)
    return x1


@alternative("add")
def python_sum(x1, x2):
    return sum([x1, x2])


@alternative("add")
def number_by_number(x1, x2):
    return torch.stack([torch.stack([x1[i, j] + x2[i, j] for j in range(3)]) for i in range(2)])


@alternative("add")
def fills_an_empty_one(x1, x2):
    result = torch.empty_like(x1)
    result[:] = x1
    result += x2
    return result


@alternative("add")
def flat(x1, x2):
    return (x1.reshape(6) + x2.reshape(6)).view(2, 3)
