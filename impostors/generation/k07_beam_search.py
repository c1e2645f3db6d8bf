"""Wrong and right answers to generation/k07_beam_search."""

import heapq
import math

import torch

from dojo.impostors import alternative, impostor


class Search:
    """What most of the answers below share: each differs from it in one place.

    A beam is a pair: all of its tokens as a list, and its sum.
    """

    def __init__(self, model, tokens, most, count, eos, length_penalty=1.0):
        self.model, self.most, self.count, self.eos = model, most, count, eos
        self.alpha = length_penalty
        self.prompt, self.device = tokens.tolist(), tokens.device

    def run(self):
        opened, done = self.first(), []
        with torch.no_grad():
            for _ in range(self.most):
                found = self.extended(opened)
                kept = self.kept(found, done)
                done += [beam for beam in kept if self.is_over(beam)]
                opened = [beam for beam in kept if not self.is_over(beam)]
                if not opened or self.ends(done):
                    break
        best = max(self.last(done, opened), key=self.score)
        return torch.tensor(best[0], device=self.device), self.score(best)

    def first(self):
        return [(self.prompt, 0.0)]

    def extended(self, opened):
        texts = torch.tensor([self.seen(text) for text, _ in opened], device=self.device)
        rows = self.weigh(self.place(self.model(texts))).tolist()
        pairs = zip(opened, rows, strict=True)
        found = [
            [([*text, token], total + more) for token, more in enumerate(row)]
            for (text, total), row in pairs
        ]
        return [beam for row in self.chosen(found) for beam in row]

    def seen(self, text):
        return text

    def place(self, logits):
        return logits[:, -1]

    def weigh(self, logits):
        return logits.log_softmax(-1)

    def chosen(self, found):
        return found

    def kept(self, found, done):
        return heapq.nlargest(self.places(done), found, key=lambda beam: beam[1])

    def places(self, done):
        return self.count

    def is_over(self, beam):
        return beam[0][-1] == self.eos

    def ends(self, done):
        return False

    def last(self, done, opened):
        return done + opened

    def score(self, beam):
        return beam[1] / self.length(beam) ** self.alpha

    def length(self, beam):
        return len(beam[0]) - len(self.prompt)


@impostor(
    "beam_search",
    diagnosis="It begins with num_beams copies of the prompt: all beams stay equal, and the search"
    " is greedy.",
    aspect="shape",
)
def begins_with_equal_beams(model, tokens, most, count, eos, length_penalty=1.0):
    class Wrong(Search):
        def first(self):
            return [(self.prompt, 0.0)] * self.count

    return Wrong(model, tokens, most, count, eos, length_penalty).run()


@impostor(
    "beam_search",
    diagnosis="Beams go on behind their eos.",
    aspect="shape",
)
def goes_on_after_eos(model, tokens, most, count, eos, length_penalty=1.0):
    class Wrong(Search):
        def is_over(self, beam):
            return False

    return Wrong(model, tokens, most, count, eos, length_penalty).run()


@impostor(
    "beam_search",
    diagnosis="The search ends with the first finished beam, and returns it.",
    aspect="shape",
)
def returns_the_first_finished(model, tokens, most, count, eos, length_penalty=1.0):
    class Wrong(Search):
        def ends(self, done):
            return bool(done)

        def last(self, done, opened):
            return done or opened

    return Wrong(model, tokens, most, count, eos, length_penalty).run()


@impostor(
    "beam_search",
    diagnosis="The search ends as soon as a beam has finished; an open one could become better.",
    aspect="shape",
)
def ends_with_the_first_finished(model, tokens, most, count, eos, length_penalty=1.0):
    class Wrong(Search):
        def ends(self, done):
            return bool(done)

    return Wrong(model, tokens, most, count, eos, length_penalty).run()


@impostor(
    "beam_search",
    diagnosis="It stops once num_beams beams have finished, as libraries do; here it goes on while"
    " one is open.",
    aspect="shape",
)
def stops_with_enough_finished(model, tokens, most, count, eos, length_penalty=1.0):
    class Wrong(Search):
        def ends(self, done):
            return len(done) >= self.count

        def last(self, done, opened):
            return done if len(done) >= self.count else done + opened

    return Wrong(model, tokens, most, count, eos, length_penalty).run()


@impostor(
    "beam_search",
    diagnosis="A finished beam keeps its place: fewer and fewer open ones go on.",
    aspect="shape",
)
def finished_beams_take_places(model, tokens, most, count, eos, length_penalty=1.0):
    class Wrong(Search):
        def places(self, done):
            return max(self.count - len(done), 0)

        def ends(self, done):
            return len(done) >= self.count

    return Wrong(model, tokens, most, count, eos, length_penalty).run()


@impostor(
    "beam_search",
    diagnosis="Beams that end take no place here, as in transformers; they are among the num_beams"
    " that a step keeps.",
    aspect="shape",
)
def keeps_open_beams_apart(model, tokens, most, count, eos, length_penalty=1.0):
    class Wrong(Search):
        def kept(self, found, done):
            found = sorted(found, key=lambda beam: -beam[1])
            ended = [beam for beam in found[: 2 * self.count] if self.is_over(beam)]
            return ended + [beam for beam in found if not self.is_over(beam)][: self.count]

    return Wrong(model, tokens, most, count, eos, length_penalty).run()


@impostor(
    "beam_search",
    diagnosis="Finished beams are forgotten: only those that are open at the end are compared.",
    aspect="shape",
)
def drops_finished_beams(model, tokens, most, count, eos, length_penalty=1.0):
    class Wrong(Search):
        def last(self, done, opened):
            return opened or done

    return Wrong(model, tokens, most, count, eos, length_penalty).run()


@impostor(
    "beam_search",
    diagnosis="Open beams are left out at the end if any has finished.",
    aspect="shape",
)
def drops_open_beams(model, tokens, most, count, eos, length_penalty=1.0):
    class Wrong(Search):
        def last(self, done, opened):
            return done or opened

    return Wrong(model, tokens, most, count, eos, length_penalty).run()


@impostor(
    "beam_search",
    diagnosis="The number of all tokens divides the sum; n counts the new ones.",
    aspect="shape",
)
def counts_the_prompt(model, tokens, most, count, eos, length_penalty=1.0):
    class Wrong(Search):
        def length(self, beam):
            return len(beam[0])

    return Wrong(model, tokens, most, count, eos, length_penalty).run()


@impostor(
    "beam_search",
    diagnosis="The eos is not counted in n.",
    aspect="values",
)
def does_not_count_the_eos(model, tokens, most, count, eos, length_penalty=1.0):
    class Wrong(Search):
        def length(self, beam):
            return max(super().length(beam) - self.is_over(beam), 1)

    return Wrong(model, tokens, most, count, eos, length_penalty).run()


@impostor(
    "beam_search",
    diagnosis="The sum is multiplied by n ** length_penalty; it is to be divided.",
    aspect="shape",
)
def multiplies_by_the_length(model, tokens, most, count, eos, length_penalty=1.0):
    class Wrong(Search):
        def score(self, beam):
            return beam[1] * self.length(beam) ** self.alpha

    return Wrong(model, tokens, most, count, eos, length_penalty).run()


@impostor(
    "beam_search",
    diagnosis="The beam with the largest sum is returned, and not the one with the best score.",
    aspect="shape",
)
def returns_the_best_sum(model, tokens, most, count, eos, length_penalty=1.0):
    class Wrong(Search):
        def last(self, done, opened):
            return [max(done + opened, key=lambda beam: beam[1])]

    return Wrong(model, tokens, most, count, eos, length_penalty).run()


@impostor(
    "beam_search",
    diagnosis="length_penalty is ignored: the sums are compared.",
    aspect="shape",
)
def compares_sums(model, tokens, most, count, eos, length_penalty=1.0):
    class Wrong(Search):
        def score(self, beam):
            return beam[1]

    return Wrong(model, tokens, most, count, eos, length_penalty).run()


@impostor(
    "beam_search",
    diagnosis="The best beam is chosen by its score, but the sum is returned as score.",
    aspect="values",
)
def returns_the_sum(model, tokens, most, count, eos, length_penalty=1.0):
    class Wrong(Search):
        is_chosen = False

        def last(self, done, opened):
            best = max(done + opened, key=self.score)
            self.is_chosen = True
            return [best]

        def score(self, beam):
            return beam[1] if self.is_chosen else super().score(beam)

    return Wrong(model, tokens, most, count, eos, length_penalty).run()


@impostor(
    "beam_search",
    diagnosis="The logits are added up as they are, without log-softmax.",
    aspect="shape",
)
def adds_raw_logits(model, tokens, most, count, eos, length_penalty=1.0):
    class Wrong(Search):
        def weigh(self, logits):
            return logits

    return Wrong(model, tokens, most, count, eos, length_penalty).run()


@impostor(
    "beam_search",
    diagnosis="Probabilities are added up in place of their logarithms.",
    aspect="shape",
)
def adds_probabilities(model, tokens, most, count, eos, length_penalty=1.0):
    class Wrong(Search):
        def weigh(self, logits):
            return logits.softmax(-1)

    return Wrong(model, tokens, most, count, eos, length_penalty).run()


@impostor(
    "beam_search",
    diagnosis="Each beam keeps its own best continuation; the best of all together are kept.",
    aspect="shape",
)
def keeps_one_of_each_beam(model, tokens, most, count, eos, length_penalty=1.0):
    class Wrong(Search):
        def chosen(self, found):
            is_first = len(found) == 1
            return found if is_first else [[max(row, key=lambda beam: beam[1])] for row in found]

    return Wrong(model, tokens, most, count, eos, length_penalty).run()


@impostor(
    "beam_search",
    diagnosis="The model is given the last token of each beam alone.",
    aspect="shape",
)
def shows_the_last_token(model, tokens, most, count, eos, length_penalty=1.0):
    class Wrong(Search):
        def seen(self, text):
            return text[-1:]

    return Wrong(model, tokens, most, count, eos, length_penalty).run()


@impostor(
    "beam_search",
    diagnosis="topk is asked for num_beams of fewer continuations.",
    aspect="shape",
)
def asks_topk_for_too_many(model, tokens, most, count, eos, length_penalty=1.0):
    class Wrong(Search):
        def kept(self, found, done):
            sums = torch.tensor([total for _, total in found])
            return [found[place] for place in sums.topk(self.count).indices.tolist()]

    return Wrong(model, tokens, most, count, eos, length_penalty).run()


@impostor(
    "beam_search",
    diagnosis="The score comes back as a tensor.",
    aspect="type",
)
def returns_a_tensor_as_score(model, tokens, most, count, eos, length_penalty=1.0):
    text, score = Search(model, tokens, most, count, eos, length_penalty).run()
    return text, torch.tensor(score)


@impostor(
    "beam_search",
    diagnosis="The new tokens come back without the prompt.",
    aspect="shape",
)
def returns_the_new_tokens(model, tokens, most, count, eos, length_penalty=1.0):
    text, score = Search(model, tokens, most, count, eos, length_penalty).run()
    return text[len(tokens) :], score


@impostor(
    "beam_search",
    diagnosis="Places in the flat tensor are split by num_beams; V is to split them.",
    aspect="shape",
)
def mixes_up_the_beams(model, tokens, most, count, eos, length_penalty=1.0):
    return by_tensors(
        model, tokens, most, count, eos, length_penalty, split=lambda *sizes: min(sizes)
    )


@impostor(
    "beam_search",
    diagnosis="A new token is appended to the beam of its rank; it belongs to the one it extends.",
    aspect="shape",
)
def forgets_to_reorder(model, tokens, most, count, eos, length_penalty=1.0):
    class Wrong(Search):
        def kept(self, found, done):
            best = heapq.nlargest(self.count, found, key=lambda beam: beam[1])
            size = self.size
            parents = [text[:-1] for text, _ in found[::size]]
            return [
                ([*parents[rank % len(parents)], text[-1]], total)
                for rank, (text, total) in enumerate(best)
            ]

        def weigh(self, logits):
            self.size = logits.shape[-1]
            return super().weigh(logits)

    return Wrong(model, tokens, most, count, eos, length_penalty).run()


@impostor(
    "beam_search",
    diagnosis="One call of the model is made for each beam.",
    aspect="structure",
)
def asks_for_each_beam(model, tokens, most, count, eos, length_penalty=1.0):
    class Wrong(Search):
        def extended(self, opened):
            found = [super(Wrong, self).extended([beam]) for beam in opened]
            return [beam for row in found for beam in row]

    return Wrong(model, tokens, most, count, eos, length_penalty).run()


@impostor(
    "beam_search",
    diagnosis="The model is asked once more than needed, behind the last token.",
    aspect="cost",
)
def asks_once_more(model, tokens, most, count, eos, length_penalty=1.0):
    class Wrong(Search):
        def last(self, done, opened):
            if opened:
                with torch.no_grad():
                    self.extended(opened)
            return super().last(done, opened)

    return Wrong(model, tokens, most, count, eos, length_penalty).run()


@impostor(
    "beam_search",
    diagnosis="The model runs with grad mode on: each call keeps a graph.",
    aspect="structure",
)
def tracks_gradients(model, tokens, most, count, eos, length_penalty=1.0):
    class Wrong(Search):
        def extended(self, opened):
            with torch.enable_grad():
                return super().extended(opened)

    return Wrong(model, tokens, most, count, eos, length_penalty).run()


@impostor(
    "beam_search",
    diagnosis="The model is put into eval mode, and stays there.",
    aspect="memory",
)
def leaves_eval_mode(model, tokens, most, count, eos, length_penalty=1.0):
    if isinstance(model, torch.nn.Module):
        model.eval()
    return Search(model, tokens, most, count, eos, length_penalty).run()


@alternative("beam_search")
def by_lists_and_a_heap(model, tokens, most, count, eos, length_penalty=1.0):
    return Search(model, tokens, most, count, eos, length_penalty).run()


def by_tensors(model, tokens, most, count, eos, length_penalty=1.0, split=lambda size, count: size):
    """All beams in one tensor that is made longer from the beginning."""
    grad = torch.is_grad_enabled()
    torch.set_grad_enabled(False)
    try:
        start = tokens.numel()
        texts = tokens.new_zeros(1, start + most)
        texts[0, :start] = tokens
        sums = torch.zeros(1, dtype=torch.float64, device=tokens.device)
        best, winner = -math.inf, None
        for n in range(1, most + 1):
            logits = model(texts[:, : start + n - 1])[:, -1].double()
            totals = sums.unsqueeze(1) + logits - logits.logsumexp(1, keepdim=True)
            size = split(totals.shape[1], count)
            values, order = totals.flatten().sort(descending=True)
            values, order = values[:count], order[:count]
            parents = torch.div(order, size, rounding_mode="floor") % len(texts)
            texts = texts.index_select(0, parents)
            texts[:, start + n - 1] = order % size
            is_open = order % size != eos
            for row, value in enumerate(values.tolist()):
                score = value / n**length_penalty
                if (n == most or not is_open[row]) and score > best:
                    best, winner = score, texts[row, : start + n].clone()
            texts, sums = texts[is_open], values[is_open]
            if texts.shape[0] == 0:
                break
        return winner, best
    finally:
        torch.set_grad_enabled(grad)


@alternative("beam_search")
def by_one_long_tensor(model, tokens, most, count, eos, length_penalty=1.0):
    return by_tensors(model, tokens, most, count, eos, length_penalty)


@alternative("beam_search")
@torch.inference_mode()
def by_recursion(model, tokens, most, count, eos, length_penalty=1.0):
    def search(beams, n):
        rows = torch.stack([text for text, _ in beams])
        shares = torch.nn.functional.log_softmax(model(rows).select(1, -1), 1)
        found = []
        for (text, total), row in zip(beams, shares, strict=True):
            values, ids = row.topk(min(count, row.numel()))
            for value, token in zip(values.tolist(), ids, strict=True):
                found.append((torch.cat([text, token[None]]), total + value))
        found = sorted(found, key=lambda beam: beam[1], reverse=True)[:count]
        opened = [beam for beam in found if int(beam[0][-1]) != eos]
        ended = [beam for beam in found if int(beam[0][-1]) == eos or n == most]
        scores = [(total / math.pow(n, length_penalty), text) for text, total in ended]
        return scores + (search(opened, n + 1) if opened and n < most else [])

    score, text = max(search([(tokens, 0.0)], 1), key=lambda pair: pair[0])
    return torch.tensor(text.tolist(), device=tokens.device), score
