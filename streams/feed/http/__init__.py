"""The feed's HTTP side: requests, access, OpenAPI, the server and its process."""
