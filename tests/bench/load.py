"""The load client, a process of its own: `python -m tests.bench.load PORT CONNECTIONS FILE`; it answers with JSON."""

import asyncio
import json
import pickle
import sys
import time
from pathlib import Path

import uvloop

Conversation = list[bytes]


async def drive(port: int, conversations: list[Conversation], took: list[float], answers: dict[str, int]) -> None:
    """One connection: conversation after conversation, event after event, each once the last was answered."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while conversations:
        for event in conversations.pop():
            began = time.perf_counter()
            writer.write(event)
            head = await reader.readuntil(b"\r\n\r\n")
            length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
            if int(length or 0):
                await reader.readexactly(int(length))
            took.append(time.perf_counter() - began)
            status = head[9:12].decode()
            answers[status] = answers.get(status, 0) + 1
    writer.close()


async def run(port: int, connections: int, conversations: list[Conversation]) -> None:
    took: list[float] = []
    answers: dict[str, int] = {}
    began = time.perf_counter()
    await asyncio.gather(*(drive(port, conversations, took, answers) for _one in range(connections)))
    seconds = time.perf_counter() - began
    took.sort()
    print(
        json.dumps(
            {
                "seconds": seconds,
                "events": len(took),
                "answers": answers,
                "p50": took[len(took) // 2] * 1000,
                "p99": took[len(took) * 99 // 100] * 1000,
            }
        )
    )


if __name__ == "__main__":
    uvloop.run(run(int(sys.argv[1]), int(sys.argv[2]), pickle.loads(Path(sys.argv[3]).read_bytes())))  # noqa: S301 - our own file
