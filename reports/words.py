"""What the report calls things: what a file of a dossier shows, and what a checker's figure is a figure of."""

from __future__ import annotations

import re

# a path in a dossier -> what a person finds there
_SHOWS = [
    (r"timeline\.jsonl", "events of the run"),
    (r"load/requests-(.+)\.csv", "requests of {}"),
    (r"load/(.+)\.plan\.json", "the plan of {}"),
    (r"load/(.+)\.log", "log of the load {}"),
    (r"experiments/(.+)/journal\.json", "journal of {}"),
    (r"experiments/(.+)/(?:output\.txt|chaostoolkit\.log)", "output of {}"),
    (r"kafka/writes-(.+)\.jsonl", "answers to {}"),
    (r"kafka/topic-(.+)\.jsonl", "records in the topic"),
    (r"kafka/journal-(.+)\.jsonl", "what was applied"),
    (r"kafka/history-(.+)\.jsonl", "Kafka history"),
    (r"kafka/states-(.+)\.jsonl", "what the stack holds"),
    (r"kafka/copies-(.+)\.jsonl", "copies that pods hold"),
    (r"(?:.+/)?installed\.json", "what is installed"),
    (r"state/.+/diff\.txt", "what was left behind"),
    (r"state/.+/before\.json", "the cluster before"),
    (r"state/.+/after\.json", "the cluster after"),
    (r".*/before-[^/]+/([^/]+)\.log", "last words of {}, before it was hit"),
    (r".*/before-[^/]+/(?:pods|nodes)[^/]*", "description of what was hit, before"),
    (r".*(?:^|/)([^/]+)\.previous\.log", "log of {}, the container before"),
    (r".*(?:^|/)([^/]+)\.log", "log of {}"),
    (r".*(?:^|/)events[^/]*", "Events of Kubernetes"),
    (r".*(?:^|/)describe-?([^/.]*)[^/]*", "description of {}"),
    (r"failure/.*/(pods|nodes|workloads)[^/]*\.txt", "description of {}"),
    (r"failure/.*/([^/]+)\.journal", "journal of node {}"),
]
_SHOWN = [(re.compile(pattern), words) for pattern, words in _SHOWS]

# a checker -> what its figure is a figure of
_FIGURES = {
    "availability.in_windows": "served in the worst window",
    "recovery.within": "whole again after",
    "recovery.of_all_hit": "whole again after",
    "autoscaling.scaled_up": "scaled up",
    "autoscaling.scaled_down": "back at rest after",
    "conformance.roles_ready": "roles Ready",
    "conformance.edges_answer": "paths that answer",
    "conformance.node_services": "node services that run",
    "installed.nets": "safety nets",
    "kept_settings.as_promised": "settings that keep data",
    "ordering.selection_input": "acknowledged writes",
    "kafka.history.check": "Kafka's own promises",
    "certificate.proven": "faults",
    "progress.during_fault": "during the fault",
    "restarts.only_of_those_hit": "started again",
    "conformance.as_it_was": "left behind",
}


def shows(file: str) -> str:
    """What an evidence file shows; its own name where nobody gave it words.

    Example::

        shows("load/requests-viewers.csv")  # requests of viewers
    """
    path = file.partition("#")[0]
    for pattern, words in _SHOWN:
        if found := pattern.fullmatch(path):
            return words.format(*found.groups())
    return file


def figure_of(checker: str) -> str:
    """What the figure of a checker is a figure of.

    Example::

        figure_of("recovery.within")  # whole again after
    """
    return _FIGURES.get(checker) or checker.rpartition(".")[2].replace("_", " ")
