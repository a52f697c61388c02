"""How is one `AuditRun` told to people: page, terminal, Markdown, CSV?"""
