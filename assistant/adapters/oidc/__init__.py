"""OpenID Connect providers: ProConnect, Keycloak and others."""
