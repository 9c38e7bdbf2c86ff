"""Networks as learners write them, each in its own way."""

import torch
import torchvision
from torch import nn
from torch.nn import functional as nnf


class LectureNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 16, 3, padding=1)
        self.conv2 = nn.Conv2d(16, 32, 3, padding=1)
        self.pool = nn.MaxPool2d(2)
        self.fc1 = nn.Linear(32 * 14 * 14, 128)
        self.fc2 = nn.Linear(128, 64)
        self.fc3 = nn.Linear(64, 10)
        self.dropout = nn.Dropout(0.3)

    def forward(self, x):
        x = nnf.relu(self.conv1(x))
        x = self.pool(nnf.relu(self.conv2(x)))
        x = x.view(-1, 32 * 14 * 14)
        x = self.dropout(nnf.relu(self.fc1(x)))
        x = self.dropout(nnf.relu(self.fc2(x)))
        return self.fc3(x)


class OneLayer(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(784, 10)

    def forward(self, x):
        return self.layer(x.view(-1, 784))


class Residual(nn.Module):
    """Also: one ReLU for all, in place; a depthwise convolution; log-probabilities as scores."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(1, 8, 3, padding=1)
        self.depthwise = nn.Conv2d(8, 8, 3, padding=1, groups=8, bias=False)
        self.norm = nn.BatchNorm2d(8)
        self.act = nn.ReLU(inplace=True)
        self.pool = nn.AdaptiveAvgPool2d(3)
        self.head = nn.Linear(72, 10)

    def forward(self, x):
        x = self.act(self.stem(x))
        x = self.act(x + self.norm(self.depthwise(x)))
        return nnf.log_softmax(self.head(torch.flatten(self.pool(x), 1)), dim=1)


class SmallTransformer(nn.Module):
    def __init__(self):
        super().__init__()
        self.patches = nn.Conv2d(1, 16, 7, stride=7)
        self.token = nn.Parameter(torch.randn(1, 1, 16))
        self.positions = nn.Parameter(torch.randn(1, 17, 16))
        self.encoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(16, 2, 32, batch_first=True), 1)
        self.norm = nn.LayerNorm(16)
        self.head = nn.Linear(16, 10)

    def forward(self, x):
        x = self.patches(x).flatten(2).transpose(1, 2)  # (N, 16, 16)
        x = torch.cat([self.token.expand(x.size(0), -1, -1), x], dim=1) + self.positions
        return self.head(self.norm(self.encoder(x))[:, 0])


class Attention(nn.Module):
    """Rows as a sequence, with what comes later masked; `len(x)` for the number of images."""

    def __init__(self):
        super().__init__()
        self.positions = nn.Embedding(28, 28)
        self.attention = nn.MultiheadAttention(28, 4, batch_first=True)
        self.head = nn.Linear(784, 10)

    def forward(self, x):
        x = x.squeeze(1) + self.positions(torch.arange(28, device=x.device))
        later = torch.triu(torch.full((28, 28), float("-inf"), device=x.device), diagonal=1)
        x, _ = self.attention(x, x, x, attn_mask=later)
        return self.head(x.reshape(len(x), -1))


class Recurrent(nn.Module):
    """The rows of an image one after the other, the images in the second dimension."""

    def __init__(self, kind=nn.LSTM):
        super().__init__()
        self.rows = kind(28, 12)
        self.head = nn.Linear(12, 10)

    def forward(self, x):
        rows, _ = self.rows(x.permute(1, 0, 2))  # (28, N, 12)
        return self.head(rows[-1])


class Averaged(nn.Module):
    """The mean of what it says of each row."""

    def __init__(self):
        super().__init__()
        self.head = nn.Linear(28, 10)

    def forward(self, x):
        return self.head(x.reshape(-1, 28)).view(-1, 28, 10).mean(1)


class SpatialTransformer(nn.Module):
    def __init__(self):
        super().__init__()
        self.locate = nn.Linear(784, 6)
        self.head = nn.Linear(784, 10)

    def forward(self, x):
        theta = self.locate(x.flatten(1)).view(-1, 2, 3)
        grid = nnf.affine_grid(theta, list(x.size()), align_corners=False)
        return self.head(nnf.grid_sample(x, grid, align_corners=False).view(x.size(0), -1))


class OnlyParameters(nn.Module):
    """No module in it, and a constant."""

    def __init__(self):
        super().__init__()
        self.matrix = nn.Parameter(torch.randn(784, 10))

    def forward(self, x):
        x = ((x - torch.tensor(0.13)) / torch.tensor(0.3)).flatten(1).clone()
        x[x < 0] = 0
        return x @ self.matrix


def resnet18():
    network = torchvision.models.resnet18(num_classes=10)
    network.conv1 = nn.Conv2d(1, 64, 3, padding=1, bias=False)
    return network


def mlp():
    return nn.Sequential(nn.Linear(784, 32), nn.GELU(), nn.LayerNorm(32), nn.Dropout(0.5), nn.Linear(32, 10))


def many_layers():
    return nn.Sequential(
        nn.Upsample(scale_factor=2, mode="bilinear"),
        nn.Conv2d(1, 4, 3, stride=2, padding=1, padding_mode="circular"),
        nn.GroupNorm(2, 4),
        nn.PReLU(4),
        nn.ConvTranspose2d(4, 2, 2, stride=2),
        nn.InstanceNorm2d(2, affine=True),
        nn.AvgPool2d(2),
        nn.PixelUnshuffle(2),
        nn.ReflectionPad2d(1),
        nn.Hardswish(),
        nn.AdaptiveMaxPool2d(4),
        nn.Flatten(),
        nn.RMSNorm(128),
        torch.nn.utils.parametrizations.weight_norm(nn.Linear(128, 10)),
        nn.Softmax(dim=1),
    )


WHOLE, ROWS, FLAT = (1, 28, 28), (28, 28), (784,)
NETWORKS = {
    "lecture": (LectureNet, WHOLE),
    "residual": (Residual, WHOLE),
    "small transformer": (SmallTransformer, WHOLE),
    "attention": (Attention, WHOLE),
    "lstm": (Recurrent, ROWS),
    "gru": (lambda: Recurrent(nn.GRU), ROWS),
    "spatial transformer": (SpatialTransformer, WHOLE),
    "averaged": (Averaged, WHOLE),
    "only parameters": (OnlyParameters, WHOLE),
    "resnet18": (resnet18, WHOLE),
    "mlp": (mlp, FLAT),
    "many layers": (many_layers, WHOLE),
    "double": (lambda: mlp().double(), FLAT),
}
"""Each with the shape in which it reads an image."""


def make(name):
    """Return a network in training mode, its normalisations with statistics as training leaves them."""
    torch.manual_seed(0)
    network = NETWORKS[name][0]()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_()
            module.running_var.uniform_(0.5, 2)
    return network


def images_for(name, count, seed=0):
    """Return normalised images (count, 1, 28, 28), and the same as that network reads them."""
    images = torch.randn(count, 1, 28, 28, generator=torch.Generator().manual_seed(seed))
    dtype = torch.float64 if name == "double" else torch.float32
    return images, images.reshape(count, *NETWORKS[name][1]).to(dtype)
