"""Pictures read several at a time, by threads and by processes that may die of one."""
