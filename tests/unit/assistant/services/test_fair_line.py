"""Nobody waits for more than one turn of each other tenant, nor of each other colleague."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.domain.ids import PersonId, TenantId
from assistant.services.fair_line import FairLine, Ticket

PLACES = st.tuples(st.sampled_from("ABCD"), st.sampled_from("xyz"))
STEPS = st.lists(
    st.one_of(
        PLACES,
        st.just("serve"),
        st.tuples(st.just("leave"), st.integers(min_value=0, max_value=30)),
    ),
    max_size=60,
)


def ticket(tenant: str, person: str) -> Ticket:
    return Ticket(TenantId(tenant), PersonId(f"{tenant}-{person}"))


def served(line: FairLine) -> list[Ticket]:
    """All that wait, in the order in which they are served."""
    found: list[Ticket] = []
    while (following := line.take()) is not None:
        found.append(following)
    return found


def test_tenants_take_turns_then_people_then_first_come() -> None:
    line = FairLine()
    first = [ticket("A", "x"), ticket("A", "x"), ticket("A", "y"), ticket("B", "z")]
    for each in first:
        line.join(each)

    assert [line.ahead_of(each) for each in first] == [0, 3, 2, 1]
    assert served(line) == [first[0], first[3], first[2], first[1]]


@settings(max_examples=400, deadline=None)
@given(STEPS)
def test_with_any_arrivals_nobody_waits_for_two_turns_of_another(
    steps: list[object],
) -> None:
    line, waiting = FairLine(), list[Ticket]()
    turns: dict[Ticket, list[Ticket]] = {}
    for step in [*steps, *["serve"] * len(steps)]:
        match step:
            case "serve":
                following = line.take()
                assert (following is None) == (not waiting)
                if following is None:
                    continue
                waiting.remove(following)
                check_turn(following, seen=turns.pop(following), waiting=waiting)
                for each in waiting:
                    turns[each].append(following)
            case ("leave", int(place)):
                if place < len(waiting):
                    gone = waiting.pop(place)
                    del turns[gone]
                    assert line.leave(gone)
                    assert not line.leave(gone)
            case (str(tenant), str(person)):
                joined = ticket(tenant, person)
                line.join(joined)
                waiting.append(joined)
                turns[joined] = []
            case _:
                raise AssertionError(step)
        assert len(line) == len(waiting)
        assert sorted(line.ahead_of(each) for each in waiting) == list(range(len(waiting)))
    assert waiting == []


def check_turn(now: Ticket, *, seen: list[Ticket], waiting: list[Ticket]) -> None:
    """Since its tenant's last turn no other tenant had two; within it no other person had two."""
    own = [each for each in seen if each.tenant_id == now.tenant_id]
    since = seen[seen.index(own[-1]) + 1 :] if own else seen
    others = [each.tenant_id for each in since]
    assert len(others) == len(set(others))
    mine = [place for place, each in enumerate(own) if each.person_id == now.person_id]
    colleagues = [each.person_id for each in own[mine[-1] + 1 if mine else 0 :]]
    assert len(colleagues) == len(set(colleagues))
    assert not any(each.person_id == now.person_id and each in seen for each in waiting)


@given(st.lists(PLACES, max_size=25))
def test_the_place_told_is_the_order_of_service(places: list[tuple[str, str]]) -> None:
    line = FairLine()
    tickets = [ticket(*each) for each in places]
    for each in tickets:
        line.join(each)
    told = sorted(tickets, key=line.ahead_of)

    assert served(line) == told
