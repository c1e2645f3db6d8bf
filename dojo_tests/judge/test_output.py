"""The end of what an answer prints is kept, however much that is."""

from dojo.judge.sandbox.output import KEPT, Tail


def test_take_gives_what_was_written():
    tail = Tail()
    assert tail.write(b"one ") == 4
    tail.write(b"two")
    assert tail.take() == "one two"


def test_take_gives_only_what_came_since_the_last_time():
    tail = Tail()
    tail.write(b"old")
    tail.take()
    tail.write(b"new")
    assert tail.take() == "new"
    assert tail.take() == ""


def test_a_tail_keeps_the_last_bytes():
    tail = Tail()
    for number in range(1000):
        tail.write(f"{number:04} ".encode())
    assert tail.take() == "".join(f"{number:04} " for number in range(600, 1000))
    tail.write(b"x" * 10 * KEPT + b"end")
    assert tail.take() == "x" * (KEPT - 3) + "end"


def test_a_tail_replaces_what_is_no_text():
    tail = Tail()
    tail.write(b"\xff")
    assert tail.take() == "�"


def test_print_to_memory_keeps_pythons_streams_and_drops_the_rest(output_of):
    shown = output_of(
        "import os, sys\nfrom dojo.judge.sandbox.output import print_to_memory\n"
        "kept = os.dup(1)\ntail = print_to_memory()\n"
        "print('printed é'); sys.stderr.write('error\\n')\nprint('shown', file=sys.__stdout__)\n"
        "os.write(1, b'bypassed'); os.system('echo by a shell')\n"
        "os.write(kept, ascii(tail.take()).encode())\n"
    )
    assert shown == ascii("printed é\nerror\nshown\n")
