from __future__ import annotations

import time
from itertools import pairwise

from ingest.splitting import split_text


def test_very_long_text_is_split_in_time_and_loses_nothing() -> None:
    text = "".join(f"Le conseil régional décide l'opération {n}. " for n in range(15_000))
    started = time.process_time()

    spans = split_text(text, budget=200)

    assert time.process_time() - started < 10
    assert all(first[1] <= second[0] for first, second in pairwise(spans))
    kept = "".join(text[start:end] for start, end in spans)
    assert kept.replace(" ", "") == text.replace(" ", "")
    assert all(text[start:end].rstrip().endswith(".") for start, end in spans)
