"""Tenants as organisations, collections with an audience, people, groups, invitations and keys.

Sessions and links no longer hold roles: those of their person count.
"""

import sqlalchemy as sa
from alembic import op

revision = "20261127_1"
down_revision = "20261128_1"
branch_labels = None
depends_on = None


def _text(name: str, default: str) -> sa.Column:
    return sa.Column(name, sa.Text(), nullable=False, server_default=default)


def upgrade() -> None:
    _widen_tenants()
    with op.batch_alter_table("collections") as table:
        table.add_column(_text("label", ""))
        table.add_column(_text("audience", "tenant"))
    op.create_index("ix_collections_by_audience", "collections", ["audience", "tenant_id"])
    for name in ("sign_in_links", "sessions"):
        with op.batch_alter_table(name) as table:
            table.drop_column("roles")
        op.create_index(f"ix_{name}_by_person", name, ["person_id"])
    _create_people()
    _create_groups()
    _create_credentials()
    _create_sharing()


def _widen_tenants() -> None:
    with op.batch_alter_table("tenants") as table:
        table.add_column(_text("kind", "other"))
        table.add_column(sa.Column("siren", sa.Text(), nullable=True))
        table.add_column(sa.Column("parent_id", sa.Text(), nullable=True))
        table.add_column(_text("state", "active"))
        table.add_column(sa.Column("state_since", sa.DateTime(timezone=True), nullable=True))
        table.add_column(_text("colour", "#000091"))
        table.add_column(_text("time_zone", "Europe/Paris"))
        table.add_column(_text("welcome", ""))
        table.add_column(
            sa.Column("charter_version", sa.Integer(), nullable=False, server_default="0")
        )
        table.add_column(_text("charter_text", ""))
        table.add_column(sa.Column("retention_days", sa.Integer(), nullable=True))
        table.add_column(_text("quotas", "{}"))
        table.add_column(_text("allowed_models", "[]"))
        table.create_unique_constraint(op.f("uq_tenants_siren"), ["siren"])
        table.create_foreign_key(op.f("fk_tenants_parent_id"), "tenants", ["parent_id"], ["id"])
    op.create_index(op.f("ix_tenants_parent_id"), "tenants", ["parent_id"])
    op.create_table(
        "tenant_sirets",
        sa.Column("siret", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_tenant_sirets_tenant_id")
        ),
        sa.PrimaryKeyConstraint("siret", name=op.f("pk_tenant_sirets")),
    )
    op.create_index(op.f("ix_tenant_sirets_tenant_id"), "tenant_sirets", ["tenant_id"])
    op.create_table(
        "tenant_logos",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("image", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_tenant_logos_tenant_id")
        ),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_tenant_logos")),
    )


def _create_people() -> None:
    op.create_table(
        "people",
        sa.Column("number", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("roles", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("charter_version", sa.Integer(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_people_tenant_id")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_people")),
        sa.UniqueConstraint("id", name=op.f("uq_people_id")),
        sa.UniqueConstraint("id", "tenant_id", name=op.f("uq_people_id_tenant_id")),
        sa.UniqueConstraint("tenant_id", "email", name=op.f("uq_people_tenant_id_email")),
    )
    op.create_index("ix_people_by_tenant", "people", ["tenant_id", "number"])


def _of_person(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["person_id", "tenant_id"],
        ["people.id", "people.tenant_id"],
        name=op.f(f"fk_{table}_person_id_tenant_id"),
        ondelete="CASCADE",
    )


def _of_group(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["group_id", "tenant_id"],
        ["groups.id", "groups.tenant_id"],
        name=op.f(f"fk_{table}_group_id_tenant_id"),
        ondelete="CASCADE",
    )


def _create_groups() -> None:
    op.create_table(
        "groups",
        sa.Column("number", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_groups_tenant_id")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_groups")),
        sa.UniqueConstraint("id", name=op.f("uq_groups_id")),
        sa.UniqueConstraint("id", "tenant_id", name=op.f("uq_groups_id_tenant_id")),
        sa.UniqueConstraint("tenant_id", "name", name=op.f("uq_groups_tenant_id_name")),
    )
    op.create_table(
        "group_members",
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("group_id", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        _of_person("group_members"),
        _of_group("group_members"),
        sa.PrimaryKeyConstraint("person_id", "group_id", name=op.f("pk_group_members")),
    )
    op.create_index("ix_group_members_by_group", "group_members", ["group_id", "tenant_id"])
    op.create_index("ix_group_members_by_tenant", "group_members", ["tenant_id"])


def _create_credentials() -> None:
    op.create_table(
        "invitations",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("code_hash", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        _of_person("invitations"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitations")),
        sa.UniqueConstraint("person_id", name=op.f("uq_invitations_person_id")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_invitations_code_hash")),
    )
    op.create_index("ix_invitations_by_tenant", "invitations", ["tenant_id", "created_at"])
    op.create_table(
        "api_keys",
        sa.Column("number", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("prefix", sa.Text(), nullable=False),
        sa.Column("secret_hash", sa.Text(), nullable=False),
        sa.Column("permissions", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        _of_person("api_keys"),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("id", name=op.f("uq_api_keys_id")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_api_keys_secret_hash")),
    )
    op.create_index("ix_api_keys_by_person", "api_keys", ["person_id", "tenant_id"])
    op.create_index("ix_api_keys_by_tenant", "api_keys", ["tenant_id", "number"])


def _create_sharing() -> None:
    op.create_table(
        "collection_groups",
        sa.Column("group_id", sa.Text(), nullable=False),
        sa.Column("collection_id", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["collection_id", "tenant_id"],
            ["collections.id", "collections.tenant_id"],
            name=op.f("fk_collection_groups_collection_id_tenant_id"),
            ondelete="CASCADE",
        ),
        _of_group("collection_groups"),
        sa.PrimaryKeyConstraint("group_id", "collection_id", name=op.f("pk_collection_groups")),
    )
    op.create_index(
        "ix_collection_groups_by_collection", "collection_groups", ["collection_id", "tenant_id"]
    )
    op.create_table(
        "collection_tenants",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("collection_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"],
            ["tenants.id"],
            name=op.f("fk_collection_tenants_tenant_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["collection_id"],
            ["collections.id"],
            name=op.f("fk_collection_tenants_collection_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "collection_id", name=op.f("pk_collection_tenants")),
    )
    op.create_index(
        op.f("ix_collection_tenants_collection_id"), "collection_tenants", ["collection_id"]
    )


def downgrade() -> None:
    for name in (
        "collection_tenants",
        "collection_groups",
        "api_keys",
        "invitations",
        "group_members",
        "groups",
        "people",
        "tenant_logos",
        "tenant_sirets",
    ):
        op.drop_table(name)
    for name in ("sessions", "sign_in_links"):
        op.drop_index(f"ix_{name}_by_person", name)
        with op.batch_alter_table(name) as table:
            table.add_column(_text("roles", "[]"))
    op.drop_index("ix_collections_by_audience", "collections")
    with op.batch_alter_table("collections") as table:
        table.drop_column("audience")
        table.drop_column("label")
    op.drop_index(op.f("ix_tenants_parent_id"), "tenants")
    with op.batch_alter_table("tenants") as table:
        table.drop_constraint(op.f("fk_tenants_parent_id"), type_="foreignkey")
        table.drop_constraint(op.f("uq_tenants_siren"), type_="unique")
        for column in (
            "allowed_models",
            "quotas",
            "retention_days",
            "charter_text",
            "charter_version",
            "welcome",
            "time_zone",
            "colour",
            "state_since",
            "state",
            "parent_id",
            "siren",
            "kind",
        ):
            table.drop_column(column)
