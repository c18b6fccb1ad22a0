"""Reading a flow file: YAML with places (`nodes`), words (`leaves`), times (`times`), steps (`steps`), the whole (`draft`)."""
