a = "acme_<b62:24>"  # keysieve:allow
b = "acme_<b62:24>"  # gitleaks:allow
c = "acme_<b62:24>"  # trufflehog:ignore
d = "acme_<b62:24>"  # pragma: allowlist secret
e = "acme_<b62:24>"  # no comment that counts
