"""Muon: momentum whose update of a matrix is made orthogonal by five Newton-Schulz steps (K. Jordan, 2024)."""
import torch

MOMENTUM, DECAY = 0.95, 0.02
STEPS, COEFFICIENTS = 5, (3.4445, -4.7750, 2.0315)


def orthogonal(x):
    """x (N, rows, columns): N matrices of one shape at once, in bfloat16. Singular values end near 1."""
    a, b, c = COEFFICIENTS
    x = x.bfloat16()
    tall = x.shape[1] > x.shape[2]
    x = x.mT if tall else x
    x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
    for _ in range(STEPS):
        square = x @ x.mT
        x = a * x + (b * square + c * (square @ square)) @ x
    return x.mT if tall else x


class Muon:
    def __init__(self, matrices):
        self.groups = {}
        for matrix in matrices:
            self.groups.setdefault(tuple(matrix.shape), []).append(matrix)
        self.momenta = {shape: torch.zeros(len(group), *shape, device=group[0].device) for shape, group in self.groups.items()}

    @torch.no_grad()
    def step(self, rate):
        for (rows, columns), group in self.groups.items():
            gradient = torch.stack([matrix.grad for matrix in group])
            momentum = self.momenta[rows, columns].mul_(MOMENTUM).add_(gradient)
            update = orthogonal(gradient.add(momentum, alpha=MOMENTUM))
            for matrix, change in zip(group, update):
                matrix.mul_(1 - rate * DECAY).add_(change.to(matrix.dtype), alpha=-rate * max(1, rows / columns) ** 0.5)
