"""ftpalg's installation: the package, its Twisted plugin and the ``ftpalg`` command."""

import re
from pathlib import Path

from setuptools import setup

HERE = Path(__file__).parent
VERSION = re.search(r'__version__ = "(.+)"', (HERE / "ftpalg/__init__.py").read_text("utf-8"))[1]

setup(
    name="ftpalg",
    version=VERSION,
    description="An application-layer gateway for FTP",
    long_description=(HERE / "README.rst").read_text("utf-8"),
    long_description_content_type="text/x-rst",
    python_requires=">=3.11",
    packages=[
        "ftpalg",
        "ftpalg.cli",
        "ftpalg.config",
        "ftpalg.core",
        "ftpalg.core.wire",
        "ftpalg.life",
        "ftpalg.core.stages",
        "ftpalg.policy",
        "ftpalg.net",
        "ftpalg.net.control",
        "ftpalg.net.legs",
        "ftpalg.net.reach",
        "ftpalg.ops",
        "twisted.plugins",
    ],
    package_data={"ftpalg": ["py.typed"], "ftpalg.config": ["ftpalg.toml"]},
    data_files=[("etc/ftpalg", ["etc/ftpalg.toml"])],
    install_requires=[
        "attrs>=23.2",
        "cattrs>=23.2",
        "h11>=0.14",
        "idna>=3",
        "proxy-protocol>=0.11.3",
        "cryptography>=42",  # dates of revocation lists with their time zone
        "pyOpenSSL>=24.1",
        "service-identity>=24.1",
        "shtab>=1.6",
        "socksio>=1.0",
        "Twisted>=24.3",
        "zope.interface>=6",
    ],
    extras_require={
        "demo": ["pyftpdlib>=2.0"],
        "docs": ["furo>=2024.1", "Sphinx>=7.2"],
        "ldap": ["ldaptor>=21.2"],
        "test": [
            "aioftp>=0.27",
            "coverage>=7",
            "hypothesis>=6",
            "jsonschema>=4",
            "ldaptor>=21.2",
            "mypy>=1.11",
            "mypy-zope>=1.0.6",
            "pyftpdlib>=2.0",
            "ruff>=0.6",
            "setuptools>=70.1",
            "trustme>=1.1",
            "types-jsonschema>=4",
        ],
    },
    entry_points={"console_scripts": ["ftpalg = ftpalg.__main__:main"]},
    classifiers=[
        "Framework :: Twisted",
        "Programming Language :: Python :: 3",
        "Topic :: Internet :: File Transfer Protocol (FTP)",
        "Topic :: Internet :: Proxy Servers",
    ],
)
