"""What the tests run inside: a worker module of its own, started by its path.

The escape probes emit "escaped" when they got out, "refused" with the error's name when told no.
"""

import contextlib
import ctypes
import encodings.idna  # noqa: F401 - getaddrinfo imports it late; that is not what shall stop it
import errno
import fcntl
import hashlib
import io
import mmap
import os
import platform
import resource
import signal
import socket
import struct
import termios
import threading
import time

import av
import numpy as np

from daylight.errors import MediaRefused
from daylight.media.zygote import serve

LIBC = ctypes.CDLL(None, use_errno=True)
X86 = platform.machine() == "x86_64"


def syscall(x86, arm, *arguments):
    words = [ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
    result = LIBC.syscall(ctypes.c_long(x86 if X86 else arm), *words)
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


# --- escapes: each returns when it got out ------------------------------------------------------


def read_file(request, files):
    with open("/etc/passwd", "rb") as f:
        return f.read(4).decode()


def write_file(request, files):
    with open(request["target"], "w") as f:
        f.write("")  # not a byte: the file size limit has a probe of its own


def write_bytes(request, files):
    number = os.open(request["target"], os.O_WRONLY | os.O_CREAT)
    os.write(number, b"x")


def delete_file(request, files):
    os.unlink(request["victim"])


def list_folder(request, files):
    os.listdir("/")


def ask_for_path(request, files):
    os.stat("/etc/passwd")


def ask_for_path_by_empty(request, files):
    buffer = ctypes.create_string_buffer(512)
    at_empty_path = 0x1000
    syscall(262, 79, -100, ctypes.c_char_p(b"/etc/passwd"), buffer, at_empty_path)


def reopen_given_for_writing(request, files):
    os.close(os.open(f"/proc/self/fd/{files[0]}", os.O_WRONLY))


def change_given_mode(request, files):
    os.fchmod(files[0], 0o600)


def change_given_times(request, files):
    os.utime(files[0], (1, 1))


def tcp(request, files):
    with socket.socket() as s:
        s.connect(("127.0.0.1", request["port"]))


def tcp_listen(request, files):
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))


def udp(request, files):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.sendto(b"x", ("127.0.0.1", request["port"]))


def dns(request, files):
    socket.getaddrinfo("localhost", 80)


def unix_socket(request, files):
    socket.socketpair()


def execute(request, files):
    os.execv("/bin/sh", ["sh", "-c", "kill -USR1 $$"])


def execute_at(request, files):
    handle = os.open("/bin/sh", os.O_RDONLY)
    os.execve(handle, ["sh", "-c", "kill -USR1 $$"], {})


def fork(request, files):
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)


def fork_bomb(request, files):
    pids = []
    for _ in range(50):
        pid = os.fork()
        if pid == 0:
            os._exit(0)
        pids.append(pid)
    for pid in pids:
        os.waitpid(pid, 0)


def spawn(request, files):
    os.waitpid(os.posix_spawn("/bin/true", ["true"], {}), 0)


def clone3_process(request, files):
    arguments = ctypes.create_string_buffer(struct.pack("=11Q", *[0] * 4, signal.SIGCHLD, *[0] * 6))
    pid = syscall(435, 435, arguments, 88)
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)


def memory_bomb(request, files):
    block = bytearray(700 << 20)
    return len(block)


def memory_bomb_by_bits(request, files):
    return len([bytearray(8 << 20) for _ in range(60)])


def burn(request, files):
    while time.process_time() < request["seconds"]:
        pass


def burn_unheard(request, files):
    signal.signal(signal.SIGXCPU, signal.SIG_IGN)
    burn(request, files)


def trace_me(request, files):
    syscall(101, 117, 0, 0, 0, 0)


def trace_parent(request, files):
    seize = 0x4206
    syscall(101, 117, seize, os.getppid(), 0, 0)


def signal_parent(request, files):
    os.kill(os.getppid(), 0)


def signal_parents_thread(request, files):
    syscall(234, 131, os.getppid(), os.getppid(), 0)


def queue_signal_to_parent(request, files):
    info = ctypes.create_string_buffer(struct.pack("=iii", 0, 0, -1) + bytes(116))
    syscall(129, 138, os.getppid(), 0, info)


def parents_memory(request, files):
    open(f"/proc/{os.getppid()}/mem", "rb").close()


def parents_environment(request, files):
    with open(f"/proc/{os.getppid()}/environ", "rb") as f:
        f.read()


def read_parents_memory(request, files):
    """One byte of libc's data, which lies at the same place in the zygote."""
    here = ctypes.addressof(ctypes.c_int.in_dll(LIBC, "optind"))
    buffer = ctypes.create_string_buffer(4)
    local = ctypes.create_string_buffer(struct.pack("=QQ", ctypes.addressof(buffer), 4))
    remote = ctypes.create_string_buffer(struct.pack("=QQ", here, 4))
    syscall(310, 270, os.getppid(), local, 1, remote, 1, 0)


def executable_memory(request, files):
    mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC).close()


def executable_later(request, files):
    page = mmap.mmap(-1, 4096)
    address = ctypes.addressof(ctypes.c_char.from_buffer(page))
    syscall(10, 226, address, 4096, 5)


def io_uring(request, files):
    os.close(syscall(425, 425, 2, ctypes.create_string_buffer(120)))


def memory_file(request, files):
    os.close(syscall(319, 279, ctypes.c_char_p(b"x"), 0))


def user_fault(request, files):
    os.close(syscall(323, 282, 1))


def new_namespace(request, files):
    syscall(272, 97, 0x10000000)


def keyring(request, files):
    syscall(250, 219, 0, -3, 1, 0, 0)


def change_personality(request, files):
    syscall(135, 92, 0xFFFFFFFF)


def raise_limit(request, files):
    # To where it is already, so that it is allowed to everybody outside.
    now = struct.pack(
        "=QQ", *(limit & (2**64 - 1) for limit in resource.getrlimit(resource.RLIMIT_STACK))
    )
    syscall(302, 261, 0, resource.RLIMIT_STACK, ctypes.create_string_buffer(now), 0)


def become_dumpable(request, files):
    if LIBC.prctl(4, 1, 0, 0, 0) < 0:
        raise OSError(ctypes.get_errno(), "prctl")


def control_device(request, files):
    fcntl.ioctl(files[0], termios.FIONREAD, bytes(4))


def own_the_descriptor(request, files):
    fcntl.fcntl(3, fcntl.F_SETOWN, os.getpid())


def host_name(request, files):
    os.uname()


ESCAPES = [
    read_file, write_file, write_bytes, delete_file, list_folder, ask_for_path,
    ask_for_path_by_empty, reopen_given_for_writing, change_given_mode, change_given_times,
    tcp, tcp_listen, udp, dns, unix_socket, execute, execute_at, fork, fork_bomb, spawn,
    clone3_process, memory_bomb, memory_bomb_by_bits, burn, burn_unheard, trace_me, trace_parent,
    signal_parent, signal_parents_thread, queue_signal_to_parent, parents_memory,
    parents_environment, read_parents_memory, executable_memory, executable_later, io_uring,
    memory_file, user_fault, new_namespace, keyring, change_personality, raise_limit,
    become_dumpable, control_device, own_the_descriptor, host_name,
]  # fmt: skip


def probe(escape):
    def program(request, files, emit):
        try:
            escape(request, files)
        except OSError as error:
            emit("refused", errno.errorcode.get(error.errno, str(error.errno)))
        else:
            emit("escaped", None)

    return program


def foreign_calls(request, files, emit):
    """An x32 system call: the filter must not take its number for a harmless one."""
    LIBC.syscall(ctypes.c_long(0x40000000 | 39))
    emit("survived", None)


# --- honest programs ----------------------------------------------------------------------------


def echo(request, files, emit):
    emit("echo", request, b"payload")


def read_given(request, files, emit):
    for number in files:
        with open(number, "rb", closefd=False) as f:
            emit("read", {"offset": f.tell(), "size": f.seek(0, os.SEEK_END)})
            f.seek(0)
            emit("bytes", None, f.read())


def seek_given(request, files, emit):
    os.lseek(files[0], 7, os.SEEK_SET)


def threads(request, files, emit):
    seen = []
    many = [threading.Thread(target=seen.append, args=(n,)) for n in range(8)]
    for thread in many:
        thread.start()
    for thread in many:
        thread.join()
    emit("threads", sorted(seen))


def decode(request, files, emit):
    with (
        open(files[0], "rb", closefd=False) as f,
        av.open(f, format=request["format"]) as container,
    ):
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        stream.codec_context.thread_count = 4
        means = [
            float(frame.to_ndarray(format="rgb24").mean()) for frame in container.decode(stream)
        ]
    emit("means", means)


def picture_sums(request, files, emit):
    """Decode the beginning of whatever it is, with every stream's own decoder."""
    digest, count, refused = hashlib.sha256(), 0, 0
    with open(files[0], "rb", closefd=False) as f, av.open(f) as container:
        for packet in container.demux():
            if packet.stream.type not in {"video", "audio"} or count >= request["frames"]:
                continue
            try:
                frames = packet.decode()
            except av.FFmpegError:
                refused += 1
                continue
            for frame in frames:
                count += 1
                rgb = {"format": "rgb24"} if isinstance(frame, av.VideoFrame) else {}
                digest.update(frame.to_ndarray(**rgb).tobytes())
    emit("sum", [count, refused, digest.hexdigest()])


def encode(request, files, emit):
    for container_name, codec in (
        ("mpegts", "libx264"), ("matroska", "libx265"), ("matroska", "libvpx-vp9"),
        ("mp4", "libsvtav1"), ("avi", "mjpeg"),
    ):  # fmt: skip
        out = io.BytesIO()
        with av.open(out, "w", format=container_name) as container:
            stream = container.add_stream(codec, rate=25)
            stream.width, stream.height, stream.thread_count = 320, 240, 2
            stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
            for level in range(0, 250, 25):
                picture = np.full((240, 320, 3), level, np.uint8)
                container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
            container.mux(stream.encode())
        with av.open(io.BytesIO(out.getvalue()), format=container_name) as container:
            emit(codec, sum(1 for _ in container.decode(video=0)))


def many(request, files, emit):
    for n in range(request["count"]):
        emit("n", n, str(n).encode() * 10)


def big(request, files, emit):
    for _ in range(request["count"]):
        emit("big", None, bytes(request["bytes"]))


def facts(request, files, emit):
    emit("facts", "x" * request["bytes"])


def sleep(request, files, emit):
    emit("asleep", None)
    time.sleep(request["seconds"])


def who(request, files, emit):
    emit("who", {"uid": [os.getuid(), os.geteuid()], "gid": [os.getgid(), os.getegid()]})


def descriptors(request, files, emit):
    found = []
    for number in range(1024):
        with contextlib.suppress(OSError):
            fcntl.fcntl(number, fcntl.F_GETFD)
            found.append(number)
    emit("open", {"files": files, "found": found})


def environment(request, files, emit):
    emit("environment", sorted(os.environ))


# --- failures -----------------------------------------------------------------------------------


def raise_ours(request, files, emit):
    emit("before", 1)
    raise MediaRefused("It is a playlist.")


def raise_value(request, files, emit):
    raise ValueError("x" * 10_000)


def raise_ffmpeg(request, files, emit):
    av.open(io.BytesIO(b"not a film"), format="matroska")


def raise_other(request, files, emit):
    raise RuntimeError("words that may come from the item")


def leave(request, files, emit):
    raise SystemExit(0)


def unheard_facts(request, files, emit):
    emit("x", {"n": float("nan")})


def abort(request, files, emit):
    emit("before", 1)
    os.abort()


def segfault(request, files, emit):
    ctypes.string_at(8)


def real_time_signal(request, files, emit):
    signal.pthread_kill(threading.get_ident(), signal.SIGRTMIN + 3)


def exit_silently(request, files, emit):
    os._exit(0)


def fill_memory(request, files, emit):
    hoard = []
    while True:
        hoard.append(bytearray(1 << 20))


# --- lies ---------------------------------------------------------------------------------------


def raw(request, files, emit):
    """Write these bytes in place of messages, then end as told."""
    os.write(3, bytes.fromhex(request["hex"]) * request.get("times", 1))
    if request.get("then") == "abort":
        os.abort()
    if request.get("then") == "hang":
        time.sleep(60)
    os._exit(0)


def flood(request, files, emit):
    """A message of the allowed size, without end, past the child's own limits."""
    body = b'{"kind":"x","facts":null}'
    frame = struct.pack("=BIQ", 1, len(body), 1 << 20) + body + bytes(1 << 20)
    while True:
        os.write(3, frame)


PROGRAMS = {escape.__name__: probe(escape) for escape in ESCAPES} | {
    program.__name__: program
    for program in (
        foreign_calls, echo, read_given, seek_given, threads, decode, picture_sums, encode, many, big, facts, sleep, who,
        descriptors, environment, raise_ours, raise_value, raise_ffmpeg, raise_other, leave,
        unheard_facts, abort, segfault, real_time_signal, exit_silently, fill_memory, raw, flood,
    )
}  # fmt: skip


def small_clip() -> bytes:
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        stream.codec_context.thread_count = 1
        for level in range(0, 250, 25):
            picture = np.full((64, 64, 3), level, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    return out.getvalue()


def warm_up() -> None:
    with av.open(io.BytesIO(small_clip()), format="mp4") as container:
        container.streams.video[0].thread_type = "AUTO"
        for frame in container.decode(video=0):
            frame.to_ndarray(format="rgb24")


if __name__ == "__main__":
    serve(PROGRAMS, warm_up)
