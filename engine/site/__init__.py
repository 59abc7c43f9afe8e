"""A site as text: reading `routes.yaml` and what it names into frozen, checked objects."""
