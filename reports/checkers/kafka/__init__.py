"""The Kafka history checker: what clients did, as files, in; a verdict with witnesses out. It needs no cluster."""
