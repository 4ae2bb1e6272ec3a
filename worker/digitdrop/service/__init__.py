"""The service, from start to stop. Read `batch.BatchService.serve_batch` first."""
