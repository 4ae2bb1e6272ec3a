"""Pictures read several at a time, and by processes that may die of one."""
