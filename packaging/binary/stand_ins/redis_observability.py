"""In place of `redis.observability`, which tells OpenTelemetry what the library does: nobody listens here."""
