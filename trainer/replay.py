"""Bounded replay of sequences, stored in memory-mapped files with the run and exact over a kill.

A stream per environment, an entry per step. Where an episode ends, an end step is put in: the last frame again with
the reward that came with the end (Procgen shows no last frame), latent zeros. Streams are cut into chunks; the budget
is a number of chunks, and the oldest chunk makes room for a new one.

Three files hold the rows of all chunks: `frames.bin`, `latents.bin` (deter and stoch), `steps.bin` (the rest). They
grow in blocks, with the disk space asked for before it is written. Which chunk lies where is in `save()`'s answer,
which belongs into the checkpoint: without it the files say nothing, with it they say exactly what they said then.
For that, entries added later are cut off, dropped chunks are not written over before their last save is given up
(`mark_saved`), and a latent's old value goes into a journal, `undo-<n>.bin`, before its first rewrite after save n.
A kill of the process loses nothing of this. After a power cut the frames up to the last save are safe, since a save
waits for the disk; refreshed latents may then be older or newer than the checkpoint, which training does not mind.
The disk holds the budget, and on top of it the journals and what was dropped since the oldest save still kept.

Why mapped files and not compressed frames in memory: measured on 2 cores, CoinRun, preset 12m, batches of 16 x 65:

| | mapped files | zlib level 1 in memory |
| --- | --- | --- |
| a step of 16 envs added | 0.4 ms | 1.2 ms |
| a batch sampled, its steps in the file cache | 2 to 3 ms | 31 to 45 ms (PNG: 96 to 98) |
| a batch of a million steps, nine tenths of them not in the cache | 5 ms, one in ten over 54 | the same |
| latents written back, old ones journaled | 9 to 10 ms | under 1 ms, with no way back |
| memory for a million steps | what there is to spare | 1.5 GiB frames (8.3 : 1), 3.8 GiB latents (at most 1.3 : 1) |
| disk for a million steps | 15.3 GiB | 5.3 GiB |
| a save | waits for the disk: 0.7 to 1.1 s straight after filling | writes every latent anew |

An update at 12m takes seconds there: sampling and writing back stay under 1 % of it (3 % with a cold cache), and the
activations need not share the memory. So a million steps fit a machine of 24 GiB, or of 8.

One thread uses a Replay; one process uses a folder.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from trainer.config import ModelSize
from trainer.envs.protocol import NUM_ACTIONS
from trainer.errors import UserError
from trainer.replay_batch import RAW_DTYPES, Batch, LatentDtype, context_latent, raw_deter, raw_stoch
from trainer.replay_chunks import ChunkTable, integers
from trainer.replay_store import FRAME, STEP, StepStore

__all__ = ["Batch", "LatentDtype", "Replay", "context_latent", "raw_deter", "raw_stoch"]

FORMAT = 1
_CHUNK_STEPS = 512
_LEAST_CHUNK_STEPS = 16
_CHUNKS_PER_STREAM = 8  # at least: dropping a chunk takes an eighth of a stream at most
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
        self._classes = size.classes
        self.step_bytes = int(np.prod(FRAME)) + self._latent.itemsize + STEP.itemsize
        self._folder = folder
        self.chunk_steps = self._chunk_steps(budget_bytes) if state is None else self._check(state)
        max_chunks = budget_bytes // (self.step_bytes * self.chunk_steps)
        if max_chunks < 2 * num_envs:
            raise UserError(self._too_small(2 * num_envs * self.chunk_steps))
        self.capacity = max_chunks * self.chunk_steps
        self._block = max(num_envs, max_chunks // 32)
        self._chunks = ChunkTable(num_envs, self.chunk_steps, max_chunks)
        self._queue: deque[tuple[int, int]] = deque()
        self._commits = 0
        self._save = 0
        self._store = StepStore(folder, self._latent, fresh=state is None)
        if state is not None:
            self._restore(state)

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
        return int((self._chunks.end - self._chunks.begin).sum())

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
        frame, rest = int(np.prod(FRAME)), STEP.itemsize
        return (
            f"replay: {self.capacity:,} steps in {gib:.1f} GiB "
            f"({frame:,} B frame + {self._latent.itemsize:,} B latents + {rest} B a step)"
        )

    def digest(self) -> str:
        """A fingerprint of everything that training can see: entries, latents and online queue (reads it all)."""
        digest = hashlib.blake2b(digest_size=16)
        for env in range(self.num_envs):
            begin, end = int(self._chunks.begin[env]), int(self._chunks.end[env])
            digest.update(f"{env} {begin} {end} ".encode())
            for index in range(begin, end, self.chunk_steps):
                row = int(self._chunks.rows(env, index))
                stop = row + min(self.chunk_steps, end - index)
                for rows in (self._store.frames, self._store.latents, self._store.steps):
                    digest.update(np.ascontiguousarray(rows[row:stop]).view(np.uint8).data)
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
                is_first, the episode before ended by a death or a win. level_seed: (N,). action: (N,) 0 to 14.
            deter: (N, D), a floating tensor or raw bits. stoch: (N, S) class indices.

        Raises:
            UserError: the disk is full; nothing was added.
        """
        ended = is_first & (self._chunks.end > self._chunks.begin)
        self._reserve(1 + ended)
        envs = np.flatnonzero(ended)
        if len(envs):
            before = self._chunks.rows(envs, self._chunks.end[envs] - 1)
            ends = np.zeros(len(envs), STEP)
            ends["reward"] = reward[envs]
            ends["level_seed"] = self._store.steps["level_seed"][before]
            ends["is_last"] = True
            ends["is_terminal"] = ended_terminal[envs]
            self._append(envs, self._store.frames[before], ends, np.zeros(len(envs), self._latent))
        steps = np.zeros(self.num_envs, STEP)
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
        index = self._chunks.end[envs]
        rows = self._chunks.rows(envs, index)
        self._store.write(rows, frames, steps, latents)
        self._chunks.end[envs] += 1
        # The reference's online queue: every `length` steps the newest whole sequence, so none overlaps another.
        whole = (index >= self.length - 1) & (index % self.length == 0)
        for env, last in zip(envs[whole].tolist(), index[whole].tolist(), strict=True):
            self._queue.append((env, last - self.length + 1))

    def _reserve(self, counts: NDArray[np.int64]) -> None:
        """Makes room for `counts[env]` more entries of each stream, by dropping the oldest chunks where need be."""
        chunks = self._chunks
        needed = chunks.needed(counts)
        total = int(needed.sum())
        if not total:
            return
        drops = chunks.surplus(total)
        journaled = self._store.journaled
        self._grow(chunks.missing(total if journaled else total - drops))
        for _ in range(drops):
            chunks.drop_oldest(self._save if journaled else None)
        chunks.begin_chunks(needed)

    def _grow(self, missing: int) -> None:
        """Adds at least `missing` free slots for chunks, a block of them at a time."""
        if not missing:
            return
        have = self._chunks.slots
        spare = self._chunks.max_chunks - have  # below 0: chunks dropped since the last save are still kept
        slots = have + max(missing, min(self._block, spare) if spare > 0 else self._block)
        self._store.grow(slots * self.chunk_steps)
        self._chunks.add_slots(slots)

    # Sampling and writing back

    def sample(self, batch_size: int, generator: np.random.Generator) -> Batch:
        """Draws sequences: the online queue's first, the rest uniformly over all start positions of all streams.

        Changes nothing: the queue moves on with `commit`.

        Args:
            batch_size: B. generator: source of all draws.

        Raises:
            ValueError: no stream holds a whole sequence yet.
            UserError: a step that was drawn is damaged.
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
            if index >= self._chunks.begin[env]:
                chosen.append((env, index))
        if len(chosen) < batch_size:
            draws = generator.integers(int(ends[-1]), size=batch_size - len(chosen))
            streams = np.searchsorted(ends, draws, side="right")
            indices = draws - (ends - starts)[streams] + self._chunks.begin[streams]
            chosen.extend(zip(streams.tolist(), indices.tolist(), strict=True))
        return self._gather(chosen, consumed)

    def _starts(self) -> NDArray[np.int64]:
        return np.maximum(0, self._chunks.end - self._chunks.begin - self.length + 1)

    def _gather(self, chosen: list[tuple[int, int]], consumed: int) -> Batch:
        envs, begins = np.array(chosen, np.int64).T[:, :, None]
        index = begins + np.arange(self.length)
        rows = self._chunks.rows(envs, index)
        frames = np.empty((*rows.shape, *FRAME), np.uint8)
        for sequence, (_, start) in enumerate(chosen):
            done = 0
            while done < self.length:  # a copy for each chunk the sequence lies in
                run = min(self.length - done, self.chunk_steps - (start + done) % self.chunk_steps)
                row = int(rows[sequence, done])
                frames[sequence, done : done + run] = self._store.frames[row : row + run]
                done += run
        steps = self._store.steps[rows]
        latents = self._store.latents[rows[:, 0]]
        self._refuse_damage(steps, latents)
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
            ticket=self._commits,
        )

    def _refuse_damage(self, steps: NDArray[np.void], latents: NDArray[np.void]) -> None:
        """Refuses what nobody ever stored: an action or a class that is none reads past the end of a table."""
        flags = [steps[name].view(np.uint8) for name in ("is_first", "is_last", "is_terminal")]
        if (
            steps["action"].max() >= NUM_ACTIONS
            or latents["stoch"].max() >= self._classes
            or max(flag.max() for flag in flags) > 1
        ):
            raise UserError(
                f"The replay in {self._folder} is damaged; start a new run from the checkpoint's weights with --from."
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
        if batch.ticket != self._commits:
            raise ValueError("the batch was drawn before another one was committed")
        self.write_latents(batch.positions[:, 1:], deter, stoch)
        for _ in range(batch.consumed):
            self._queue.popleft()
        self._commits += 1

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
        rows = self._chunks.rows(envs, index)
        keep = (index >= self._chunks.begin[envs]) & ~self._store.steps["is_last"][rows]
        self._store.rewrite_latents(rows[keep], latents[keep])

    # Saving and opening

    def save(self) -> dict[str, Any]:
        """Waits until all steps are on the disk and starts the journal of a new save.

        Returns:
            What `open` needs to come back to this very state, fit for JSON; `state["save"]` is its number.

        Raises:
            UserError: the disk is full or failed; the save before still holds.
        """
        self._store.begin_save(self._save + 1)
        self._save += 1
        return {
            "format": FORMAT,
            "save": self._save,
            "step_bytes": self.step_bytes,
            "length": self.length,
            "chunk_steps": self.chunk_steps,
            **self._chunks.state(),
            "queue": [list(pair) for pair in self._queue],
        }

    def mark_saved(self, save: int) -> None:
        """Gives up all saves before `save` (its checkpoint is safe): their journals and dropped chunks are freed.

        Args:
            save: number of the oldest save that must stay open-able.

        Raises:
            UserError: a journal cannot be deleted.
        """
        self._chunks.release(save)
        self._store.forget(save)

    def _check(self, state: Mapping[str, Any]) -> int:
        """The chunk length of a state that fits this model and these streams."""
        try:
            if state.get("format") != FORMAT or state.get("step_bytes") != self.step_bytes:
                raise ValueError("another model size, dtype or format")
            if state.get("length") != self.length:
                raise ValueError("another length of sequences")
            chunk_steps = int(integers(state, "chunk_steps", ()))
            if chunk_steps < _LEAST_CHUNK_STEPS:
                raise ValueError("chunks of no length that there is")
            return chunk_steps
        except ValueError as error:
            raise self._mismatch(error) from error

    def _restore(self, state: Mapping[str, Any]) -> None:
        """Brings files and tables back to `state`."""
        journals = self._store.journals()
        try:
            save = int(integers(state, "save", ()))
            queue = integers(state, "queue", (-1, 2))
            if save not in journals:
                raise ValueError("the checkpoint is too old: what came after it cannot be undone any more")
            oldest = save
            while oldest - 1 in journals:
                oldest -= 1
            self._chunks.restore(state, len(self._store) // self.chunk_steps, oldest)
            if (queue[:, 0] >= self.num_envs).any():
                raise ValueError("its queue cannot be read")
            if (queue[:, 1] + self.length > self._chunks.end[queue[:, 0]]).any():
                raise ValueError("its queue cannot be read")
            self._store.roll_back(save)
        except ValueError as error:
            raise self._mismatch(error) from error
        self._queue.extend((env, start) for env, start in queue.tolist())
        self._save = save

    def close(self) -> None:
        """Lets the files go; temporary ones are deleted."""
        self._store.close()

    # Words for people

    def _chunk_steps(self, budget_bytes: int) -> int:
        """The largest chunk with which every stream still gets enough of them."""
        steps = budget_bytes // self.step_bytes // (self.num_envs * _CHUNKS_PER_STREAM)
        smallest = max(_LEAST_CHUNK_STEPS, -(-self.length // (_CHUNKS_PER_STREAM // 2)))
        if steps < smallest:
            raise UserError(self._too_small(smallest * self.num_envs * _CHUNKS_PER_STREAM))
        return min(steps, _CHUNK_STEPS)

    def _too_small(self, steps: int) -> str:
        gib = steps * self.step_bytes / 2**30
        return f"The replay's budget is too small for {self.num_envs} envs; set --replay_gib to at least {gib:.3f}."

    def _mismatch(self, why: Exception) -> UserError:
        return UserError(
            f"The replay in {self._folder} does not belong to this checkpoint ({why}); "
            "start a new run from the checkpoint's weights with --from."
        )
