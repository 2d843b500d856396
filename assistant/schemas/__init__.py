"""Wire models of the API, shared by the server, the client and the UI."""
