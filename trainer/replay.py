"""Bounded replay of sequences, stored in memory-mapped files with the run and exact over a kill.

A stream per environment, an entry per step. Where an episode ends, an end step is put in: the last frame again with
the reward that came with the end (Procgen shows no last frame), latent zeros. Streams are cut into chunks of
`chunk_steps` entries; the budget is a number of chunks, and the oldest chunk makes room for a new one.

Three files hold the rows of all chunks: `frames.bin`, `latents.bin` (deter and stoch), `steps.bin` (the rest). They
grow in blocks, with the disk space asked for before it is written. Which chunk is where is in `save()`'s answer,
which belongs into the checkpoint: without it the files say nothing, with it they say exactly what they said then.
For that, entries added later are cut off, dropped chunks are not written over before their last save is given up
(`mark_saved`), and a latent's old value goes into a journal, `undo-<n>.bin`, before its first rewrite after save n.
A kill of the process loses nothing of this. After a power cut the frames up to the last save are safe, since a save
waits for the disk; refreshed latents may then be older or newer than the checkpoint, which training does not mind.

One thread uses a Replay; one process uses a folder.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections import deque
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from trainer.config import ModelSize
from trainer.errors import UserError
from trainer.replay_batch import RAW_DTYPES, Batch, LatentDtype, context_latent, raw_deter, raw_stoch
from trainer.replay_storage import Rows, UndoJournal, read_journal

__all__ = ["Batch", "LatentDtype", "Replay", "context_latent", "raw_deter", "raw_stoch"]

FORMAT = 1
FRAME = (64, 64, 3)
_STEP = np.dtype(
    [
        ("reward", "<f4"),
        ("level_seed", "<i4"),
        ("action", "u1"),
        ("is_first", "?"),
        ("is_last", "?"),
        ("is_terminal", "?"),
    ]
)
_CHUNK_STEPS = 512
_CHUNKS_PER_STREAM = 8  # at least, so that dropping the oldest chunk drops an eighth of a stream at most
_ENV_SHIFT = 40  # a position is (env << 40) + index in the stream


class Replay:
    """The newest steps of N environments, as many as the budget holds.

    Attributes:
        num_envs: streams. length: steps of a sequence, the one of context included.
        latent_dtype: how deter is stored.
        chunk_steps: entries a chunk holds.
        capacity: entries all chunks hold together.
        step_bytes: bytes of an entry: frame, latent and the rest.
    """

    def __init__(
        self,
        folder: Path | None,
        num_envs: int,
        size: ModelSize,
        latent_dtype: LatentDtype,
        budget_bytes: int,
        length: int = 65,
        state: dict[str, Any] | None = None,
    ) -> None:
        """Starts an empty replay, or opens one as it was at a save (`state`); what came after it is cut off.

        Args:
            folder: where the files go; created. None: temporary files that go with the object, and nothing to resume.
            num_envs: streams. size: the model's, for the latents' widths. latent_dtype: the compute dtype.
            budget_bytes: for frames and latents together.
            length: steps of a sequence, the one of context included.
            state: of `save`, from a checkpoint.

        Raises:
            UserError: the budget is too small, the folder holds another replay or cannot be written, the disk is
                full, or files and state do not belong together.
        """
        self.num_envs = num_envs
        self.length = length
        self.latent_dtype: LatentDtype = latent_dtype
        self._latent = np.dtype([("deter", RAW_DTYPES[latent_dtype], (size.deter,)), ("stoch", "u1", (size.stoch,))])
        self.step_bytes = int(np.prod(FRAME)) + self._latent.itemsize + _STEP.itemsize
        self.chunk_steps = self._chunk_steps(budget_bytes) if state is None else _checked(state, "chunk_steps", 1)
        self._max_chunks = budget_bytes // (self.step_bytes * self.chunk_steps)
        if self._max_chunks < 2 * num_envs:
            raise UserError(self._too_small(2 * num_envs * self.chunk_steps))
        self.capacity = self._max_chunks * self.chunk_steps
        self._block = max(num_envs, self._max_chunks // 32)

        self._begin = np.zeros(num_envs, np.int64)
        self._end = np.zeros(num_envs, np.int64)
        self._table = np.zeros((num_envs, self._max_chunks), np.int64)
        self._order: deque[int] = deque()
        self._free: list[int] = []
        self._retired: deque[tuple[int, int]] = deque()
        self._queue: deque[tuple[int, int]] = deque()
        self._ticket = 0
        self._save = 0
        self._journal: UndoJournal | None = None

        self._temporary = tempfile.TemporaryDirectory(prefix="replay-") if folder is None else None
        self._folder = Path(self._temporary.name) if self._temporary else Path(folder or "")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            if state is None and any(self._folder.glob("*.bin")):
                raise UserError(f"{self._folder} holds a replay already; resume its run or choose another --run_dir")
            self._frames = Rows(self._folder / "frames.bin", np.dtype(np.uint8), FRAME)
            self._latents = Rows(self._folder / "latents.bin", self._latent)
            self._steps = Rows(self._folder / "steps.bin", _STEP)
            if state is not None:
                self._restore(state)
            if self._temporary is None:
                self._journal = UndoJournal(self._journal_path(self._save))
        except OSError as error:
            raise self._storage_error(error) from error
        self._unsaved = np.zeros(
            len(self._steps), bool
        )  # rows whose value at the last save needs no journal (any more)

    @classmethod
    def open(
        cls,
        folder: Path,
        state: dict[str, Any],
        num_envs: int,
        size: ModelSize,
        latent_dtype: LatentDtype,
        budget_bytes: int,
        length: int = 65,
    ) -> Replay:
        """The replay of `folder` as it was when `state` was saved; the same as the constructor with `state`."""
        return cls(folder, num_envs, size, latent_dtype, budget_bytes, length, state)

    # What it holds

    def __len__(self) -> int:
        """Entries held now, end steps included."""
        return int((self._end - self._begin).sum())

    @property
    def sequences(self) -> int:
        """Start positions to sample from; 0 until a stream holds a whole sequence."""
        return int(self._starts().sum())

    @property
    def queued(self) -> int:
        """Newest sequences that no committed batch has used yet."""
        return len(self._queue)

    def describe(self) -> str:
        """The capacity and where it comes from, in one line for people."""
        gib = self.capacity * self.step_bytes / 2**30
        frame, rest = int(np.prod(FRAME)), _STEP.itemsize
        return (
            f"replay: {self.capacity:,} steps in {gib:.1f} GiB "
            f"({frame:,} B frame + {self._latent.itemsize:,} B latents + {rest} B a step)"
        )

    def digest(self) -> str:
        """A fingerprint of everything that training can see: entries, latents and online queue (reads it all)."""
        digest = hashlib.blake2b(digest_size=16)
        for env in range(self.num_envs):
            begin, end = int(self._begin[env]), int(self._end[env])
            digest.update(f"{env} {begin} {end} ".encode())
            for index in range(begin, end, self.chunk_steps):
                row = int(self._rows(env, index))
                stop = row + min(self.chunk_steps, end - index)
                for rows in (self._frames, self._latents, self._steps):
                    digest.update(np.ascontiguousarray(rows.array[row:stop]).view(np.uint8).data)
        digest.update(repr(list(self._queue)).encode())
        return digest.hexdigest()

    # Adding

    def add(
        self,
        *,
        frame: NDArray[np.uint8],
        reward: NDArray[np.float32],
        is_first: NDArray[np.bool_],
        ended_terminal: NDArray[np.bool_],
        level_seed: NDArray[np.int32],
        action: NDArray[np.integer[Any]],
        deter: Tensor | NDArray[np.generic],
        stoch: Tensor | NDArray[np.integer[Any]],
    ) -> None:
        """Adds one vector step: what the envs show now, the action chosen there, and the latent it was chosen from.

        Where `is_first` and the stream has steps, the end step of the episode before goes in first, with this reward;
        the new episode's first step then has reward 0.

        Args:
            frame: (N, 64, 64, 3). reward: (N,) of the step just taken. is_first: (N,). ended_terminal: (N,) where
                is_first, the episode before ended by a death or a win. level_seed: (N,). action: (N,) 0 to 255.
            deter: (N, D), a floating tensor or raw bits. stoch: (N, S) class indices.

        Raises:
            UserError: the disk is full; nothing was added.
        """
        ended = is_first & (self._end > self._begin)
        self._reserve(1 + ended)
        envs = np.flatnonzero(ended)
        if len(envs):
            before = self._rows(envs, self._end[envs] - 1)
            ends = np.zeros(len(envs), _STEP)
            ends["reward"] = reward[envs]
            ends["level_seed"] = self._steps.array["level_seed"][before]
            ends["is_last"] = True
            ends["is_terminal"] = ended_terminal[envs]
            self._append(envs, self._frames.array[before], ends, np.zeros(len(envs), self._latent))
        steps = np.zeros(self.num_envs, _STEP)
        steps["reward"] = np.where(is_first, np.float32(0), reward)
        steps["level_seed"] = level_seed
        steps["action"] = action
        steps["is_first"] = is_first
        latents = np.empty(self.num_envs, self._latent)
        latents["deter"] = raw_deter(deter, self.latent_dtype)
        latents["stoch"] = raw_stoch(stoch)
        self._append(np.arange(self.num_envs), frame, steps, latents)

    def _append(
        self,
        envs: NDArray[np.int64],
        frames: NDArray[np.uint8],
        steps: NDArray[np.void],
        latents: NDArray[np.void],
    ) -> None:
        index = self._end[envs]
        rows = self._rows(envs, index)
        self._frames.array[rows] = frames
        self._steps.array[rows] = steps
        self._latents.array[rows] = latents
        self._unsaved[rows] = True
        self._end[envs] += 1
        # The reference's online queue: every `length` steps the newest whole sequence, so none overlaps another.
        whole = (index >= self.length - 1) & (index % self.length == 0)
        for env, last in zip(envs[whole].tolist(), index[whole].tolist(), strict=True):
            self._queue.append((env, last - self.length + 1))

    def _reserve(self, counts: NDArray[np.int64]) -> None:
        """Makes room for `counts[env]` more entries of each stream, by dropping the oldest chunks where need be."""
        chunk = self.chunk_steps
        first = -(-self._end // chunk)  # chunks begun so far
        needed = -(-(self._end + counts) // chunk) - first
        total = int(needed.sum())
        if not total:
            return
        drops = max(0, len(self._order) + total - self._max_chunks)
        self._grow(total - len(self._free) - (0 if self._journal else drops))
        for _ in range(drops):
            self._drop_oldest()
        for env in np.flatnonzero(needed).tolist():
            for number in range(int(first[env]), int(first[env] + needed[env])):
                self._table[env, number % self._max_chunks] = self._free.pop()
                self._order.append(env)

    def _grow(self, missing: int) -> None:
        """Adds at least `missing` free chunks, a block of them at a time."""
        if missing <= 0:
            return
        have = len(self._steps) // self.chunk_steps
        spare = self._max_chunks - have
        more = max(missing, min(self._block, spare) if spare > 0 else self._block)
        rows = (have + more) * self.chunk_steps
        try:
            for part in (self._frames, self._latents, self._steps):
                part.grow(rows)
        except OSError as error:
            raise self._storage_error(error) from error
        self._unsaved = np.concatenate([self._unsaved, np.zeros(rows - len(self._unsaved), bool)])
        self._free.extend(range(have + more - 1, have - 1, -1))

    def _drop_oldest(self) -> None:
        held = -(-self._end // self.chunk_steps) - self._begin // self.chunk_steps
        place = next(place for place, env in enumerate(self._order) if held[env] > 1)
        env = self._order[place]
        del self._order[place]
        slot = int(self._table[env, (self._begin[env] // self.chunk_steps) % self._max_chunks])
        self._begin[env] += self.chunk_steps
        if self._journal is None:
            self._free.append(slot)
        else:
            self._retired.append((slot, self._save))

    # Sampling and writing back

    def sample(self, batch_size: int, generator: np.random.Generator) -> Batch:
        """Draws sequences: the online queue's first, the rest uniformly over all start positions of all streams.

        Changes nothing: the queue moves on with `commit`.

        Args:
            batch_size: B. generator: source of all draws.

        Raises:
            ValueError: no stream holds a whole sequence yet.
        """
        starts = self._starts()
        ends = np.cumsum(starts)
        if not ends[-1]:
            raise ValueError("replay holds no whole sequence yet")
        chosen: list[tuple[int, int]] = []
        consumed = 0
        for env, index in self._queue:
            if len(chosen) == batch_size:
                break
            consumed += 1
            if index >= self._begin[env]:
                chosen.append((env, index))
        if len(chosen) < batch_size:
            draws = generator.integers(int(ends[-1]), size=batch_size - len(chosen))
            streams = np.searchsorted(ends, draws, side="right")
            indices = draws - (ends - starts)[streams] + self._begin[streams]
            chosen.extend(zip(streams.tolist(), indices.tolist(), strict=True))
        return self._gather(chosen, consumed)

    def _starts(self) -> NDArray[np.int64]:
        return np.maximum(0, self._end - self._begin - self.length + 1)

    def _gather(self, chosen: list[tuple[int, int]], consumed: int) -> Batch:
        envs = np.array([env for env, _ in chosen])[:, None]
        index = np.array([start for _, start in chosen])[:, None] + np.arange(self.length)
        rows = self._rows(envs, index)
        frames = np.empty((*rows.shape, *FRAME), np.uint8)
        for sequence, (_, start) in enumerate(chosen):
            done = 0
            while done < self.length:  # a copy for each chunk the sequence lies in
                run = min(self.length - done, self.chunk_steps - (start + done) % self.chunk_steps)
                row = int(rows[sequence, done])
                frames[sequence, done : done + run] = self._frames.array[row : row + run]
                done += run
        steps = self._steps.array[rows]
        latents = self._latents.array[rows[:, 0]]
        is_first = np.ascontiguousarray(steps["is_first"])
        is_first[:, 0] = True
        return Batch(
            frame=frames,
            reward=np.ascontiguousarray(steps["reward"]),
            action=steps["action"].astype(np.int64),
            is_first=is_first,
            is_last=np.ascontiguousarray(steps["is_last"]),
            is_terminal=np.ascontiguousarray(steps["is_terminal"]),
            level_seed=np.ascontiguousarray(steps["level_seed"]),
            deter=np.ascontiguousarray(latents["deter"]),
            stoch=np.ascontiguousarray(latents["stoch"]),
            positions=(envs << _ENV_SHIFT) + index,
            consumed=consumed,
            ticket=self._ticket,
        )

    def commit(
        self, batch: Batch, deter: Tensor | NDArray[np.generic], stoch: Tensor | NDArray[np.integer[Any]]
    ) -> None:
        """Takes note that an update used the batch: refreshed latents are written back, the online queue moves on.

        Args:
            batch: of `sample`, with no other commit since. deter: (B, T-1, D) new latents of steps 1 to T-1, a
                floating tensor or raw. stoch: (B, T-1, S) class indices.

        Raises:
            ValueError: another batch was committed after this one was drawn.
            UserError: the disk is full; nothing was changed.
        """
        if batch.ticket != self._ticket:
            raise ValueError("the batch was drawn before another one was committed")
        self.write_latents(batch.positions[:, 1:], deter, stoch)
        for _ in range(batch.consumed):
            self._queue.popleft()
        self._ticket += 1

    def write_latents(
        self,
        positions: NDArray[np.int64],
        deter: Tensor | NDArray[np.generic],
        stoch: Tensor | NDArray[np.integer[Any]],
    ) -> None:
        """Writes latents over the stored ones; end steps keep zeros, steps dropped meanwhile are passed over.

        Args:
            positions: (...) of a batch. deter: (..., D). stoch: (..., S). Of a position given twice the last counts.

        Raises:
            UserError: the disk is full; nothing was changed.
        """
        flat = positions.reshape(-1)
        latents = np.empty(flat.shape, self._latent)
        latents["deter"] = raw_deter(deter, self.latent_dtype).reshape(len(flat), -1)
        latents["stoch"] = raw_stoch(stoch).reshape(len(flat), -1)
        envs, index = flat >> _ENV_SHIFT, flat & ((1 << _ENV_SHIFT) - 1)
        rows = self._rows(envs, index)
        keep = (index >= self._begin[envs]) & ~self._steps.array["is_last"][rows]
        rows = rows[keep]
        if self._journal is not None:
            saved = np.unique(rows[~self._unsaved[rows]])
            if len(saved):
                try:
                    self._journal.record(saved, self._latents.array[saved])
                except OSError as error:
                    raise self._storage_error(error) from error
                self._unsaved[saved] = True
        self._latents.array[rows] = latents[keep]

    def _rows(self, envs: Any, index: Any) -> Any:
        """Where entries lie in the files; the arguments broadcast."""
        slot = self._table[envs, (index // self.chunk_steps) % self._max_chunks]
        return slot * self.chunk_steps + index % self.chunk_steps

    # Saving and opening

    def save(self) -> dict[str, Any]:
        """Waits until all steps are on the disk and starts the journal of a new save.

        Returns:
            What `open` needs to come back to this very state, fit for JSON; `state["save"]` is its number.

        Raises:
            UserError: the disk is full or failed; the save before still holds.
        """
        try:
            self._frames.flush()
            self._steps.flush()
            if self._journal is not None:
                journal = UndoJournal(self._journal_path(self._save + 1))
                self._journal.close()
                self._journal = journal
        except OSError as error:
            raise self._storage_error(error) from error
        self._save += 1
        self._unsaved[:] = False
        chunks: list[list[int]] = []
        number = self._begin // self.chunk_steps
        for env in self._order:
            chunks.append([env, int(self._table[env, number[env] % self._max_chunks])])
            number[env] += 1
        return {
            "format": FORMAT,
            "save": self._save,
            "chunk_steps": self.chunk_steps,
            "step_bytes": self.step_bytes,
            "length": self.length,
            "begin": self._begin.tolist(),
            "end": self._end.tolist(),
            "chunks": chunks,
            "retired": [list(pair) for pair in self._retired],
            "queue": [list(pair) for pair in self._queue],
        }

    def mark_saved(self, save: int) -> None:
        """Gives up all saves before `save` (its checkpoint is safe): their journals and dropped chunks are freed.

        Args:
            save: number of the oldest save that must stay open-able.

        Raises:
            UserError: a journal cannot be deleted.
        """
        while self._retired and self._retired[0][1] < save:
            self._free.append(self._retired.popleft()[0])
        try:
            for path, number in self._journals():
                if number < save:
                    path.unlink()
        except OSError as error:
            raise self._storage_error(error) from error

    def _restore(self, state: dict[str, Any]) -> None:
        """Brings files and tables back to `state`."""
        if state.get("format") != FORMAT or state.get("step_bytes") != self.step_bytes:
            raise self._mismatch("another model size, dtype or format")
        if len(state["begin"]) != self.num_envs or state.get("length") != self.length:
            raise self._mismatch("another number of envs or length of sequences")
        save = _checked(state, "save", 1)
        journals = {number: path for path, number in self._journals()}
        if save not in journals:
            raise self._mismatch("too old: its journal is gone")
        self._begin[:] = state["begin"]
        self._end[:] = state["end"]
        slots = len(self._steps) // self.chunk_steps
        self._place(state["chunks"], min(slots, len(self._frames) // self.chunk_steps))
        for number in sorted((number for number in journals if number >= save), reverse=True):
            self._roll_back(journals[number])
            journals[number].unlink()
        self._save = save
        self._queue.extend((int(env), int(start)) for env, start in state["queue"])
        oldest = save
        while oldest - 1 in journals:
            oldest -= 1
        self._retired.extend((int(slot), int(number)) for slot, number in state["retired"] if number >= oldest)
        used = {int(slot) for _, slot in state["chunks"]} | {slot for slot, _ in self._retired}
        self._free = [slot for slot in range(slots - 1, -1, -1) if slot not in used]

    def _place(self, chunks: list[list[int]], slots: int) -> None:
        """Fills the chunk table, in order of age."""
        if len({slot for _, slot in chunks}) != len(chunks) or len(chunks) > self._max_chunks:
            raise self._mismatch("its chunks do not fit")
        number = self._begin // self.chunk_steps
        for env, slot in chunks:
            if not (0 <= env < self.num_envs and 0 <= slot < slots):
                raise self._mismatch("files are missing or too short")
            self._table[env, number[env] % self._max_chunks] = slot
            self._order.append(env)
            number[env] += 1
        if (number != -(-self._end // self.chunk_steps)).any():
            raise self._mismatch("its chunks do not fit")

    def _roll_back(self, path: Path) -> None:
        raw = self._latents.array.view(np.uint8).reshape(len(self._latents), -1) if len(self._latents) else None
        try:
            for rows, old in read_journal(path, self._latents.row_bytes):
                if raw is None or rows.min() < 0 or rows.max() >= len(raw):
                    raise ValueError("damaged")
                raw[rows] = old
        except ValueError as error:
            raise UserError(f"{path} is damaged; start a new run with --from and the checkpoint") from error

    def _journal_path(self, save: int) -> Path:
        return self._folder / f"undo-{save:06d}.bin"

    def _journals(self) -> list[tuple[Path, int]]:
        found = self._folder.glob("undo-*.bin")
        return [(path, int(path.stem[5:])) for path in found if path.stem[5:].isdecimal()]

    def close(self) -> None:
        """Lets the files go; temporary ones are deleted."""
        for part in (self._frames, self._latents, self._steps):
            part.close()
        if self._journal is not None:
            self._journal.close()
        if self._temporary is not None:
            self._temporary.cleanup()

    # Words for people

    def _chunk_steps(self, budget_bytes: int) -> int:
        """The largest chunk with which every stream still gets enough of them."""
        steps = budget_bytes // self.step_bytes // (self.num_envs * _CHUNKS_PER_STREAM)
        smallest = max(16, -(-self.length // (_CHUNKS_PER_STREAM // 2)))
        if steps < smallest:
            raise UserError(self._too_small(smallest * self.num_envs * _CHUNKS_PER_STREAM))
        return min(steps, _CHUNK_STEPS)

    def _too_small(self, steps: int) -> str:
        gib = steps * self.step_bytes / 2**30
        return f"the replay's budget is too small for {self.num_envs} envs; set --replay_gib to at least {gib:.3f}"

    def _mismatch(self, why: str) -> UserError:
        return UserError(
            f"the replay in {self._folder} does not belong to this checkpoint ({why}); "
            "start a new run with --from and the checkpoint"
        )

    def _storage_error(self, error: OSError) -> UserError:
        return UserError(
            f"the replay cannot be stored in {self._folder} ({error.strerror or error}); "
            "free space there or choose another --run_dir"
        )


def _checked(state: dict[str, Any], key: str, least: int) -> int:
    value = state.get(key)
    if not isinstance(value, int) or value < least:
        raise UserError(f"the checkpoint's replay state has no valid {key}; start a new run with --from it")
    return value
