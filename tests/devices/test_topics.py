"""Every topic is made and taken apart in one place, and nothing else gets in."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.topics import (
    ROOT,
    TOPICS,
    Leaf,
    NodeTopic,
    TopicError,
    check_name,
    every_node,
    hall_state,
    node_topic,
    parse,
)

names = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,46}[a-z0-9])?", fullmatch=True).filter(
    lambda name: name != "state"
)
leaves = st.sampled_from(get_args(Leaf))


@given(names, names, leaves)
def test_a_topic_is_taken_apart_as_it_was_made(hall: str, node: str, leaf: Leaf) -> None:
    assert parse(node_topic(hall, node, leaf)) == NodeTopic(hall, node, leaf)


def test_a_counters_events_have_their_place_in_the_tree() -> None:
    assert node_topic("kien-hung", "counter-3", "event") == "mc/1/kien-hung/counter-3/event"
    assert every_node("kien-hung", "event") == "mc/1/kien-hung/+/event"
    assert hall_state("kien-hung") == "mc/1/kien-hung/state"


@given(names, leaves)
def test_the_hall_listens_to_its_nodes_and_to_no_other_hall(hall: str, leaf: Leaf) -> None:
    mine = node_topic(hall, "node", leaf).split("/")
    assert every_node(hall, leaf).split("/") == [*mine[:3], "+", *mine[4:]]


def test_every_leaf_says_how_it_travels() -> None:
    assert set(TOPICS) == set(get_args(Leaf))
    assert all(rule.purpose for rule in TOPICS.values())


def test_what_is_retained_is_also_delivered() -> None:
    assert all(rule.qos == 1 for rule in TOPICS.values() if rule.retain)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "-",
        "-a",
        "a-",
        "A",
        "a" * 49,
        "a b",
        "a/b",
        "a+",
        "#",
        "+",
        "quầy-3",
        "a\n",
        "\n",
        "state",
        "..",
        "a_b",
    ],
)
def test_a_name_that_could_mislead_is_refused(name: str) -> None:
    with pytest.raises(TopicError, match=r"(?s)cannot name a hall or a node: use"):
        check_name(name)
    with pytest.raises(TopicError):
        node_topic("kien-hung", name, "event")
    with pytest.raises(TopicError):
        node_topic(name, "counter-3", "event")
    with pytest.raises(TopicError):
        every_node(name, "event")
    with pytest.raises(TopicError):
        hall_state(name)
    with pytest.raises(TopicError):
        parse(f"{ROOT}/kien-hung/{name}/event")


@given(names)
def test_a_good_name_is_handed_back(name: str) -> None:
    assert check_name(name) == name


@pytest.mark.parametrize(
    "topic",
    [
        "",
        "mc/1/kien-hung/state",
        "mc/2/kien-hung/counter-3/event",
        "mc/1/kien-hung/counter-3/event/more",
        "mc/1/kien-hung/counter-3/dance",
        "mc/1/kien-hung/counter-3/",
        "mc/1/kien-hung/+/event",
        "/mc/1/kien-hung/counter-3/event",
        "mc/1//counter-3/event",
        "$SYS/broker/clients/connected/x",
        "mc/1/kien-hung/counter-3/event\n",
    ],
)
def test_a_topic_outside_the_tree_is_refused(topic: str) -> None:
    with pytest.raises(TopicError):
        parse(topic)


@given(st.text(max_size=60))
def test_any_other_words_are_refused_and_nothing_worse(topic: str) -> None:
    with pytest.raises(TopicError):
        parse(topic)


@pytest.mark.parametrize("topic", ["x" * 60_000, "mc/1/h/" + "n" * 60_000 + "/event"])
def test_a_refusal_stays_short_however_long_the_topic(topic: str) -> None:
    with pytest.raises(TopicError) as caught:
        parse(topic)
    assert len(str(caught.value)) < 300
