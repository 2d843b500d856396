"""The relational store on SQLAlchemy: tables, migrations and every repository, on SQLite."""
