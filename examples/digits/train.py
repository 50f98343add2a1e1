#!/usr/bin/env python3
"""Trains a small network to read handwritten digits. Alone, or as one rank of several that share the work.

Plain PyTorch: a rank learns what it is from the usual variables (RANK, WORLD_SIZE, MASTER_ADDR, MASTER_PORT).
"""
import argparse
import json
import os
import time

import torch
import torch.distributed as dist
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn
from torch.nn.parallel import DistributedDataParallel

SEED = 7


def read_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    rate = parser.add_mutually_exclusive_group(required=True)
    rate.add_argument("--lr", type=float, help="learning rate")
    rate.add_argument("--lr-from", metavar="FILE", help="JSON file whose 'lr' is the learning rate")
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--batch", type=int, default=64, help="images a step, of all ranks together")
    parser.add_argument("--out", metavar="FILE", help="where rank 0 writes the result, as JSON")
    arguments = parser.parse_args()
    if arguments.lr_from:
        with open(arguments.lr_from) as file:
            arguments.lr = float(json.load(file)["lr"])
    return arguments


def load(device):
    """Images of 8 x 8 and their digits: for training, for choosing a learning rate, and held out for the end."""
    digits = load_digits()
    rest, held_out = train_test_split(range(len(digits.target)), test_size=0.2, random_state=SEED,
                                      stratify=digits.target)
    train, validation = train_test_split(rest, test_size=0.2, random_state=SEED, stratify=digits.target[rest])
    images = torch.tensor(digits.images / 16.0, dtype=torch.float32, device=device).unsqueeze(1)
    labels = torch.tensor(digits.target, dtype=torch.long, device=device)
    return [(images[part], labels[part]) for part in (train, validation, held_out)]


def make_network():
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(),
        nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Dropout(0.2), nn.Linear(32 * 4 * 4, 64), nn.ReLU(), nn.Linear(64, 10))


def accuracy(network, images, labels):
    network.eval()
    with torch.no_grad():
        return (network(images).argmax(1) == labels).float().mean().item()


def train_epoch(network, optimizer, images, labels, batch, epoch, rank, ranks):
    network.train()
    # The same order on each rank, so that each takes another part of the same step.
    order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(SEED + epoch))
    whole = len(order) // batch * batch
    for step in order[:whole].split(batch):
        own = step[rank::ranks].to(images.device)
        loss = nn.functional.cross_entropy(network(images[own]), labels[own])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def main():
    arguments = read_arguments()
    rank = int(os.environ.get("RANK", 0))
    ranks = int(os.environ.get("WORLD_SIZE", 1))
    device = torch.device("cpu")
    if torch.cuda.is_available():
        device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", 0)) % torch.cuda.device_count())
        torch.cuda.set_device(device)
    if ranks > 1:
        dist.init_process_group("nccl" if device.type == "cuda" else "gloo")

    begun = time.time()
    torch.manual_seed(SEED)
    train, validation, held_out = load(device)
    network = make_network().to(device)
    # Averages the gradients of all ranks in each step, so that their networks stay the same.
    team = DistributedDataParallel(network) if ranks > 1 else network
    optimizer = torch.optim.SGD(network.parameters(), lr=arguments.lr, momentum=0.9)
    for epoch in range(1, arguments.epochs + 1):
        train_epoch(team, optimizer, *train, arguments.batch, epoch, rank, ranks)
        if rank == 0 and (epoch % 5 == 0 or epoch == arguments.epochs):
            print(f"epoch {epoch}: {100 * accuracy(network, *validation):.2f} % right on the validation digits",
                  flush=True)

    if rank == 0:
        result = {
            "lr": arguments.lr,
            "validation": accuracy(network, *validation),
            "held_out": accuracy(network, *held_out),
            "ranks": ranks,
            "device": device.type,
            "seconds": round(time.time() - begun, 2),
        }
        print(f"accuracy on {len(held_out[1])} held-out digits: {100 * result['held_out']:.2f} % "
              f"({ranks} rank{'s' if ranks > 1 else ''}, {device.type}, lr {arguments.lr:g})", flush=True)
        if arguments.out:
            with open(arguments.out, "w") as file:
                json.dump(result, file)
    if ranks > 1:
        dist.destroy_process_group()


if __name__ == "__main__":
    main()
