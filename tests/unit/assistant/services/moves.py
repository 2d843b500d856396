"""A commune with all that a tenant may have, its archive, and archives that were tampered with."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from assistant.answering.pipeline import AnswerPipeline
from assistant.answering.retriever import Retriever
from assistant.answering.sufficiency import JUDGE
from assistant.domain.answers import AnswerCompleted, Question
from assistant.domain.ids import CollectionId, PersonId, QuestionSetId, new_id
from assistant.domain.question_sets import ExpectedAnswer, QuestionSet, revision_of
from assistant.domain.tenancy import Audience, Permission, Principal, Role
from assistant.domain.tenants import Quotas
from assistant.ports.audit import AuditTrail
from assistant.reversibility import JsonEvents
from assistant.services.collections import CollectionChange
from assistant.services.invitations import Invited
from assistant.services.submission import AnnouncedFile, Submission
from assistant.services.tenant_export import ExportReport, TenantExporter
from assistant.services.tenant_import import ImportReport, TenantImporter
from assistant.services.tenants import TenantChange
from tests.house import MAX_FILE_BYTES, House
from tests.unit.assistant.services.organisations import KeptAudit, Region

NEIGHBOUR = "Commune de Malvoisie"
NEIGHBOUR_TEXT = "La piscine de Malvoisie ferme le mardi, sauf pendant les vacances."
DOCUMENTS = {
    "Documents": {
        "cantine/reglement.txt": (
            "Règlement de la cantine scolaire\n"
            "Le repas de la cantine coûte 3,20 euros par enfant.\n"
            "Les inscriptions à la cantine sont closes le 15 juin.\n"
        ),
        "cantine/ancien.txt": (
            "Ancien règlement de la cantine\nLe repas de la cantine coûtait 2,90 euros.\n"
        ),
        "dechets.txt": "Collecte des déchets\nLes bacs jaunes sont relevés le jeudi matin.\n",
    },
    "Finances": {"budget.txt": "Budget primitif\nLe budget de la voirie est de 84 000 euros.\n"},
    "Culture / Fêtes": {
        "fanfare.txt": "Fanfare municipale\nLa fanfare municipale répète le vendredi soir.\n",
        "abime.txt": "damaged",
    },
}
QUESTIONS = (
    "Combien coûte le repas de la cantine ?",
    "Quel jour les bacs jaunes sont-ils relevés ?",
    "Quel est le budget de la voirie ?",
    "Quand la fanfare municipale répète-t-elle ?",
    "Quel jour la piscine de Malvoisie ferme-t-elle ?",
)
EXPECTED = (
    ExpectedAnswer(2, "Prix du repas ?", "reglement.txt", (1, 3), "3,20 euros", "3,20 euros"),
    ExpectedAnswer(3, "Couleur ; du « ciel » ?", None),
)


class Town(Region):
    """The commune of a region, with people, groups, collections, documents and a question set."""

    def __init__(self, house: House) -> None:
        super().__init__(house)
        self.mover = mover_of(house)
        here: dict[str, Any] = {"tenant_id": self.commune.id, "principal": self.owner}
        self.organisation.tenants.change(
            self.commune.id,
            TenantChange(
                siren="732829320",
                welcome="Bienvenue à Sainte-Colline.",
                charter_text="Je relis.",
                retention_days=365,
                quotas=Quotas(questions_per_day=900),
            ),
            principal=self.owner,
        )
        self.agent, self.accountant = self.joined("agent"), self.joined("comptable")
        self.away = self.joined("absente", Role.AUDITOR)
        self.organisation.people.suspend(self.away.person_id, principal=self.owner)
        finances = self.organisation.groups.create("Finances", **here)
        self.organisation.groups.add_members(finances.id, [self.accountant.person_id], **here)
        self.organisation.invitations.invite(Invited("Zoé", "zoe@exemple.fr"), **here)
        _, self.key = self.organisation.keys.create(
            "Site", permissions=frozenset({Permission.ASK}), days=9, principal=self.agent
        )
        self.session = self.session_of(self.agent)
        changes = {
            "Finances": CollectionChange(audience=Audience.GROUPS, groups=[finances.id]),
            "Culture / Fêtes": CollectionChange(audience=Audience.EVERYONE, label="Restreint"),
        }
        self.collections: dict[str, CollectionId] = {}
        for owned in self.organisation.collections.list_owned(**here):
            self.collections[owned.name] = owned.id
        for name, change in changes.items():
            made = self.organisation.collections.create(replace(change, name=name), **here)
            self.collections[name] = made.id
        for name, contents in DOCUMENTS.items():
            self.send(contents, to=self.collections[name], by=self.admin)
        self.question_set = self.add_questions()

    def send(self, contents: dict[str, str], *, to: CollectionId, by: Principal) -> None:
        """Documents of a collection, read and indexed."""
        files = tuple(
            AnnouncedFile(name, sha256(text.encode()).hexdigest(), len(text.encode()))
            for name, text in contents.items()
        )
        scope = self.house.access.owned_scope(by)
        _, wanted = self.house.ingestion.submit(
            Submission("/partage", files, collection_id=to), principal=by, scope=scope
        )
        for item in wanted:
            stream = BytesIO(contents[item.name].encode())
            self.house.ingestion.receive(item.id, stream, principal=by, scope=scope)
        self.house.settle()

    def add_questions(self) -> QuestionSet:
        kept = QuestionSet(
            id=QuestionSetId(new_id()),
            tenant_id=self.commune.id,
            name="questions/2026.csv",
            revision=revision_of(EXPECTED),
            question_count=2,
            unanswerable_count=1,
            created_by=self.admin.person_id,
            created_at=self.house.clock.now(),
        )
        with self.house.open_work() as work:
            work.question_sets.add(kept, EXPECTED)
            work.commit()
        return kept

    def add_neighbour(self, *, audience: Audience = Audience.TENANT) -> None:
        """Another tenant of the instance, with a person and a document."""
        tenant = self.organisation.tenants.create(
            TenantChange(name=NEIGHBOUR), principal=self.owner
        )
        admin = self.joined("voisin", Role.AGENT, Role.TENANT_ADMIN, tenant_id=tenant.id)
        [owned] = self.organisation.collections.list_owned(
            tenant_id=tenant.id, principal=self.owner
        )
        self.organisation.collections.change(
            owned.id,
            CollectionChange(name="Bassins", audience=audience),
            tenant_id=tenant.id,
            principal=self.owner,
        )
        self.send({"bassins.txt": NEIGHBOUR_TEXT}, to=owned.id, by=admin)

    def export(self, target: Path, *, with_conversations: bool = False) -> ExportReport:
        return self.mover.exporter.export(
            self.commune.id,
            target,
            principal=self.owner,
            product_version="1.2.3",
            with_conversations=with_conversations,
        )


@dataclass(frozen=True)
class Mover:
    """Both ways over a house."""

    exporter: TenantExporter
    importer: TenantImporter
    audit: KeptAudit
    owner: Principal

    def load(self, path: Path) -> ImportReport:
        return self.importer.load(path, principal=self.owner)


def mover_of(house: House, *, audit: AuditTrail | None = None) -> Mover:
    kept = KeptAudit()
    parts: dict[str, Any] = {"codec": JsonEvents(), "audit": audit or kept}
    stores = (house.open_work, house.files, house.clock)
    importer = TenantImporter(*stores, **parts, max_file_bytes=MAX_FILE_BYTES)
    return Mover(TenantExporter(*stores, **parts), importer, kept, house.principal)


async def asked(house: House, person: Principal, text: str) -> AnswerCompleted:
    """What a person is answered without a model."""
    pipeline = AnswerPipeline(
        Retriever(
            house.index,
            house.embedder,
            open_work=house.open_work,
            dense_weight=0.5,
            candidates=50,
        ),
        None,
        passages=8,
        passage_tokens=1000,
        max_tokens=64,
        deltas_per_s=1000,
        busy_wait_s=0.5,
        rewrite_s=0.3,
        judge=JUDGE,
    )
    scope = house.access.scope_of(person)
    events = [event async for event in pipeline.run(Question(text), scope=scope)]
    end = events[-1]
    assert isinstance(end, AnswerCompleted)
    return end


def principal_of(house: House, person_id: PersonId) -> Principal:
    """A person as it stands in a house."""
    with house.open_work() as work:
        standing = work.people.standing(person_id)
    assert standing is not None
    return standing.principal()


def members_of(path: Path) -> dict[str, bytes]:
    with ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


Change = Callable[[dict[str, bytes]], None]


def tampered(path: Path, change: Change, *, told: bool) -> Path:
    """A copy of an archive with other files; `told` writes a manifest that fits them."""
    members = members_of(path)
    change(members)
    if told:
        manifest = json.loads(members["manifest.json"])
        manifest["files"] = [
            {"path": name, "size_bytes": len(data), "sha256": sha256(data).hexdigest()}
            for name, data in members.items()
            if name != "manifest.json"
        ]
        members["manifest.json"] = json.dumps(manifest).encode()
    copy = path.with_name(f"{new_id()}.zip")
    with ZipFile(copy, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return copy


def replaced(member: str, old: str, new: str) -> Change:
    """Changes the text of a file."""

    def change(members: dict[str, bytes]) -> None:
        assert old.encode() in members[member]
        members[member] = members[member].replace(old.encode(), new.encode())

    return change
