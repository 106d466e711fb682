import acme

client = acme.Client("acme_<b62:24>")
