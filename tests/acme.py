"""The connector of a made-up system with one object, which is the better or worse for what it names."""


def acme(names: str, city: str = "City") -> str:
    """YAML; `names` are the columns of an account's name, without which its row is rejected."""
    return f"""
name: acme
kind: crm
owner: sales
rank: 40
objects:
  Account:
    exports: [{{file: accounts, require: [Id]}}]
    key: Id
    records: [{{kind: organisation, fields: {{name: {{from: {names}, clean: organisation_name}}, city: {city}}}}}]
"""
