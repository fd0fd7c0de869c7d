"""The same operations for AI hosts: MCP over Streamable HTTP, protocol dates 2025-11-25 and 2026-07-28.

Tools are made from the rows of OPERATIONS that name one. Imports services, `api` and the frame of `web`. `door` and
`asgi` are light; what stands on the MCP SDK, which takes most of a second to import, is loaded by the first request.
"""
