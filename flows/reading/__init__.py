"""Reading a flow file: YAML with places (`nodes`), what is found (`source`), words (`leaves`), people (`owners`), times (`times`), fields
and documents (`values`), steps (`steps`, with `head`, `deciding`, `working`, `nested`), the whole (`draft`)."""
