from __future__ import annotations

import threading
import time

from argon2 import PasswordHasher, extract_parameters

from assistant.adapters.argon2.hasher import MEMORY_KIB, PASSES, Argon2PasswordHasher

WORDS = "girafe tiroir lundi seize"


def test_hashes_are_argon2id_with_the_parameters_of_owasp() -> None:
    found = extract_parameters(Argon2PasswordHasher(at_once=1).hash(WORDS))

    assert (found.type.name, found.memory_cost, found.time_cost) == ("ID", MEMORY_KIB, PASSES)
    assert (MEMORY_KIB, PASSES, found.parallelism) == (19_456, 2, 1)


def test_a_hash_is_right_for_its_password_alone_and_never_twice_the_same() -> None:
    hasher = Argon2PasswordHasher(at_once=1)
    kept = hasher.hash(WORDS)

    assert kept != hasher.hash(WORDS)
    assert hasher.verify(WORDS, against=kept)
    assert not hasher.verify(WORDS + " ", against=kept)
    assert not hasher.verify("", against=None)
    assert not hasher.verify(WORDS, against="no hash at all")


def test_a_hash_of_other_parameters_stays_good_and_is_told() -> None:
    hasher = Argon2PasswordHasher(at_once=1)
    older = PasswordHasher(time_cost=1, memory_cost=8_192, parallelism=1).hash(WORDS)

    assert hasher.verify(WORDS, against=older)
    assert hasher.is_outdated(older)
    assert not hasher.is_outdated(hasher.hash(WORDS))


def test_nobodys_password_costs_what_somebodys_does() -> None:
    hasher = Argon2PasswordHasher(at_once=1)
    kept = hasher.hash(WORDS)

    def fastest(against: str | None) -> float:
        times: list[float] = []
        for _ in range(5):
            begun = time.thread_time()
            hasher.verify("autre chose encore", against=against)
            times.append(time.thread_time() - begun)
        return min(times)

    assert 0.5 < fastest(None) / fastest(kept) < 2


def test_no_more_are_computed_at_a_time_than_there_is_memory_for() -> None:
    hasher = Argon2PasswordHasher(at_once=2, memory_kib=1024)
    inside: list[int] = []
    lock, most = threading.Lock(), [0]

    class Counted:
        def hash(self, password: str) -> str:
            with lock:
                inside.append(1)
                most[0] = max(most[0], len(inside))
            time.sleep(0.02)
            with lock:
                inside.pop()
            return password

    hasher._argon2 = Counted()  # type: ignore[assignment]  # pyright: ignore[reportPrivateUsage]
    threads = [threading.Thread(target=hasher.hash, args=("x",)) for _ in range(12)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

    assert most == [2]
