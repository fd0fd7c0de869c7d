"""A relay that adds a key to each request and passes all else on, byte for byte, to /mcp of a daemon."""

from __future__ import annotations

import asyncio
import os
import sys

from aiohttp import ClientSession, ClientTimeout, web

PASSED_ON = ("content-type", "accept", "mcp-session-id", "last-event-id", "origin", "host")


async def run(target: str, key: str) -> None:
    """Serve on a free port, say which in one line, and end with stdin."""
    async with ClientSession(timeout=ClientTimeout(total=None)) as client:

        async def handle(request: web.Request) -> web.StreamResponse:
            passed_on = {
                name: value
                for name, value in request.headers.items()
                if name.lower() in PASSED_ON or name.lower().startswith("mcp-")
            }
            headers = passed_on | {"Authorization": f"Bearer {key}"}
            body = await request.read()
            async with client.request(request.method, f"{target}/mcp", data=body, headers=headers) as answer:
                response = web.StreamResponse(status=answer.status)
                for name in ("Content-Type", "Mcp-Session-Id", "Allow"):
                    if name in answer.headers:
                        response.headers[name] = answer.headers[name]
                await response.prepare(request)
                async for chunk in answer.content.iter_any():
                    await response.write(chunk)
                return response

        app = web.Application()
        app.router.add_route("*", "/mcp", handle)
        runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        sys.stdout.write(f"http://127.0.0.1:{runner.addresses[0][1]}/mcp\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.read)
        await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(run(sys.argv[1], os.environ["RELAYED_KEY"]))
