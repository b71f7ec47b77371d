"""The voice of a node: espeak-ng's speech to a sound card, or to WAV files as its stand-in."""

from devices.speaker.sinks import AlsaSink, SilentSink, Sink, SinkKind, WavFolderSink, open_sink
from devices.speaker.speaker import Fault, Speaker

__all__ = [
    "AlsaSink",
    "Fault",
    "SilentSink",
    "Sink",
    "SinkKind",
    "Speaker",
    "WavFolderSink",
    "open_sink",
]
