"""Data sets, and how values are normalised.

Means and deviations are those of the training pictures, channel by channel.
"""

from __future__ import annotations

from archdsl.recipes.entry import DataSet, Entry, Parameter

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)

DATA = (
    DataSet(
        name="imagenet",
        doc="ImageNet (ILSVRC 2012), 1,000 classes, in folders `train/<class>/*` and "
        "`val/<class>/*`.",
        torch="torchvision.datasets.ImageFolder",
        classes=1000,
        size=None,
        mean=IMAGENET_MEAN,
        std=IMAGENET_STD,
        elsewhere=("ilsvrc2012", "ilsvrc", "imagenet1k"),
    ),
    DataSet(
        name="image_folder",
        doc="Pictures of one's own, of any size, in folders `train/<class>/*` and `val/<class>/*`.",
        parameters=(
            Parameter(
                name="classes",
                type="int",
                doc="how many classes there are; left out: as many as the model tells apart",
                default=None,
                optional=True,
                minimum=1,
                maximum=1_000_000,
                elsewhere=("num_classes", "n_classes"),
            ),
        ),
        torch="torchvision.datasets.ImageFolder",
        classes=None,
        size=None,
        mean=IMAGENET_MEAN,
        std=IMAGENET_STD,
        elsewhere=("folder", "images", "custom", "directory"),
    ),
    DataSet(
        name="cifar10",
        doc="CIFAR-10: 50,000 and 10,000 pictures of 32x32 in 10 classes (Krizhevsky, 2009).",
        torch="torchvision.datasets.CIFAR10",
        classes=10,
        size=(32, 32),
        mean=(0.4914, 0.4822, 0.4465),
        std=(0.2470, 0.2435, 0.2616),
        elsewhere=("cifar",),
    ),
    DataSet(
        name="cifar100",
        doc="CIFAR-100: 50,000 and 10,000 pictures of 32x32 in 100 classes (Krizhevsky, 2009).",
        torch="torchvision.datasets.CIFAR100",
        classes=100,
        size=(32, 32),
        mean=(0.5071, 0.4865, 0.4409),
        std=(0.2673, 0.2564, 0.2762),
    ),
    DataSet(
        name="mnist",
        doc="MNIST: 60,000 and 10,000 handwritten digits of 28x28, grey (LeCun et al., 1998).",
        torch="torchvision.datasets.MNIST",
        classes=10,
        size=(28, 28),
        mean=(0.1307,),
        std=(0.3081,),
        elsewhere=("digits",),
    ),
    DataSet(
        name="fashion_mnist",
        doc="Fashion-MNIST: 60,000 and 10,000 pictures of clothes, 28x28, grey (Xiao et al., 2017).",
        torch="torchvision.datasets.FashionMNIST",
        classes=10,
        size=(28, 28),
        mean=(0.2860,),
        std=(0.3530,),
    ),
    DataSet(
        name="svhn",
        doc="Street View House Numbers: 73,257 and 26,032 digits of 32x32 (Netzer et al., 2011).",
        torch="torchvision.datasets.SVHN",
        classes=10,
        size=(32, 32),
        mean=(0.4377, 0.4438, 0.4728),
        std=(0.1980, 0.2010, 0.1970),
    ),
)


MEAN = Parameter(
    name="mean", type="numbers", doc="mean of each channel, or of all", minimum=0, maximum=1
)
STD = Parameter(
    name="std", type="numbers", doc="deviation of each channel, or of all", above=0, maximum=1
)


NORMALIZE = (
    Entry(
        name="standard",
        doc="Less the mean, over the deviation, with values between 0 and 1 before.",
        parameters=(MEAN, STD),
        elsewhere=("normalize", "meanstd", "standardize"),
    ),
    Entry(
        name="symmetric",
        doc="From -1 to 1: mean and deviation 0.5.",
        elsewhere=("inception",),
    ),
    Entry(name="unit", doc="From 0 to 1, as they come.", elsewhere=("totensor", "rescale")),
)
