"""The cases of the bagit-conformance-suite for version 1.0 (CC0), which a copy of it may lack.

https://github.com/LibraryOfCongress/bagit-conformance-suite at 9ab48705c06664f9f419ca740c728c9f89a61e7c
"""

VERSION_1_0: dict[str, dict[str, bytes]] = {
    "v1.0/invalid/bagit-with-invalid-whitespace": {
        "bag-info.txt": b"Bag-Software-Agent: bagit.py v0.0.dev0 <https://github.com/LibraryOfCongress/bagit-python>\nBagging-Date: 2017-11-07\nPayload-Oxum: 77.1\n",
        "bagit.txt": b"BagIt-Version : 1.0\nTag-File-Character-Encoding : UTF-8\n",
        "data/README": b"This bag has whitespace around the bagit.txt values in violation of the spec\n",
        "manifest-sha256.txt": b"30f7a2ac78b0d9f0d470fc1cd95c2b2173abed140b20a27a55c5a0182fdec22e  data/README\n",
        "manifest-sha512.txt": b"fa5bcfd06752ec0a32305d304d99a67e4a425ac8c06d23f5198a89bea54b6d1456a9578cd8f565da7c0dc978b3235a7efd324fe542b91b5285c96fde4e57bada  data/README\n",
        "tagmanifest-sha256.txt": b"e7635174ae86157d077d92bc1dd7bc444a59b168ff91efb89fb798cbee8c47aa bag-info.txt\nb987505772c2572061aafb0816248eab3f35aceb660a3c8daecf3074336970cb bagit.txt\n695f0265f22ada8b5688b1ec6cea99e90c3d93bc7a1b98dfd11f5a6dc1527ed6 manifest-sha256.txt\n170a40b524f94d62bb1648acc376568cb6add15f9476b8818010338935f02a61 manifest-sha512.txt\n",
        "tagmanifest-sha512.txt": b"dc261db929d7e4118210dd60f6d825d26daaf27e4d8912424c25450cd78ae9c398bb8fac78913341631fa5b508a966216bd60b9a35dcfed3c70f38b5257031c8 bag-info.txt\nc2607c0fe7d189bbd6f47cb72d86109a3763f2a7a96cdd9cebbfe8cb1479ca2c02629146392ddb87ec45e3a0f7992a491dabc393046a20d13a0a386dc0e9bf1e bagit.txt\n92ac2c68714f588adef497df43cda694e651486c7e2086f4d4a06c1803756cbbf4b5823d49647c93d6b1b4f477c94ba99f08d32e3159c63ce7af08a844337ce0 manifest-sha256.txt\nc0158b6a61d8fb0b3cc00acad464196420a03a5f8ba924d5c07e881cfe2a1d18ad20814c87395ec01b52cbd2ff1c36244ca1f010cff28464515ce3826d1177b1 manifest-sha512.txt\n",
    },
    "v1.0/invalid/notAllManifestsListAllFiles": {
        "bagit.txt": b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n",
        "data/hello.txt": b"hello\n",
        "data/missingFromManifest.txt": b"this file should be missing from a manifest so that it becomes invalid\n",
        "manifest-sha512.txt": b"e7c22b994c59d9cf2b48e549b1e24666636045930d3da7c1acb299d1c3b7f931f94aae41edda2c2b207a36e10f8bcb8d45223e54878f5b316e7ce3b6bc019629  data/hello.txt\n",
        "tagmanifest-sha512.txt": b"1d73ae108d4109b61f56698a5e19ee1f8947bdf8940bbce6adbe5e0940c2363caace6a547b4f1b3ec6a4fd2b7fa845e9cb9d28823bc72c59971718bb26f2fbd8  bagit.txt\n00c69a00e6af794264d4503c2bd71d31b7bc5c4aa341a11e5ee87a2440f30079db9e5ac26103dd7e0b000eec446980bee85cfe37f64c4fdd736e468aa2040244  manifest-sha512.txt\n",
    },
    "v1.0/invalid/same-filename-listed-twice-with-different-hashes": {
        "bag-info.txt": b"Bag-Software-Agent: bagit.py v1.6.0b10.dev2+g7659427 <https://github.com/LibraryOfCongress/bagit-python>\nBagging-Date: 2017-11-02\nPayload-Oxum: 123.1\n",
        "bagit.txt": b"BagIt-Version: 1.0 \nTag-File-Character-Encoding: UTF-8\n",
        "data/README": b"This bag has the same file listed twice with two different hash values. Implementations must return an error in this case.\n",
        "manifest-sha256.txt": b"295842cc7f08a20a04d909e5a6573f87cdf8c2e44581efa16f69e9b59632f1ab  data/README\ndeadbeef7f08a20a04d909e5a6573f87cdf8c2e44581efa16f69e9b59632f1ab  data/README\n",
        "manifest-sha512.txt": b"2d8d5f26d853d9b2b46f9d9e715366fe02bac71bec75175445aaf42a143649a1930d9c277ac127dec54653ecf148205db7f4dd9513f55b28e440c59d8b249d47  data/README\n",
        "tagmanifest-sha256.txt": b"24fa63e9e35446dbace436520a66b44595d9128324082b3305c8040c81b5223a bag-info.txt\ne91f941be5973ff71f1dccbdd1a32d598881893a7f21be516aca743da38b1689 bagit.txt\n488a0f40f2de6c2c940d4cad26fc12bc3c6fabc9352ddca35e05ce10af97ea17 manifest-sha256.txt\n4574c080e1343537f201068a2a6bbfa051afd7421b547d825c88b83ef45d7348 manifest-sha512.txt\n",
        "tagmanifest-sha512.txt": b"00ed92a4bb9798ad60d1a59101b4a4b3b7cd63142e218a8f38a1a1e24521db81f8b36ec10af411728ef0c0d5118c7c43372f814102490621c80fa4b232492ca5 bag-info.txt\n418dcfbe17d5f4b454b18630be795462cf7da4ceb6313afa49451aa2568e41f7ca3d34cf0280c7d056dc5681a70c37586aa1755620520b9198eede905ba2d0f6 bagit.txt\ne9abbec62765cb3e4fa95b17b83e12dfea05f703a7c5de08dbda0a583eb641ab5db32cf3cb8f470b7af345cae04a050237e7302863c3564157d9a21bb5293603 manifest-sha256.txt\n7f1a309ab29310f81b60387b2b24d558125a6eb137bf136be12af18f844d58b0c45dd978a7b365ead68e5d7379068c0f55a740436214a24cc3fdd68d696444e4 manifest-sha512.txt\n",
    },
    "v1.0/invalid/same-filename-listed-twice-with-the-same-hash": {
        "bag-info.txt": b"Bag-Software-Agent: bagit.py v1.6.0b10.dev2+g7659427 <https://github.com/LibraryOfCongress/bagit-python>\nBagging-Date: 2017-11-02\nPayload-Oxum: 186.1\n",
        "bagit.txt": b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n",
        "data/README": b"This bag contains a manifest which lists the same entry twice. Since the hash\nvalues are the same, it is acceptable for implementations to accept the bag but\na warning should be issued.\n",
        "manifest-sha256.txt": b"afb204a8c94c69078c462358a5c98a8364e9a2074f2f9d23f5fcc3307262bf41  data/README\nafb204a8c94c69078c462358a5c98a8364e9a2074f2f9d23f5fcc3307262bf41  data/README\n",
        "manifest-sha512.txt": b"674ae7b06ce71d0c9da7efc2f653d09cf4220be9da6f53414978237d409bf8db8e3157222a0e97c6cdb57c90f4ff58dde309941f0aaf483a4fc985053f1d0046  data/README\n",
        "tagmanifest-sha256.txt": b"69067d6d78e9ebeb301034210b36816cae7a91a9751ea41e3e68deefaa1d985f bag-info.txt\ne91f941be5973ff71f1dccbdd1a32d598881893a7f21be516aca743da38b1689 bagit.txt\n6b2c489ecb909f4001a0373b5e55afb5fada8326385c55edbfb65c94af380968 manifest-sha256.txt\neadf317739fdfe872fc779bf49a96802fc7ca78868c814b135876251c9b86bf1 manifest-sha512.txt\n",
        "tagmanifest-sha512.txt": b"5556679289456cecb04beb74bc1a8236dad8e406516b083666482ac0b217256370aa5820927d0793544c3fd05627a18fa3ab04c169251f02ad1d8ac980407caa bag-info.txt\n418dcfbe17d5f4b454b18630be795462cf7da4ceb6313afa49451aa2568e41f7ca3d34cf0280c7d056dc5681a70c37586aa1755620520b9198eede905ba2d0f6 bagit.txt\nc7221a3a8959327c28d2723498cade15759a69cdfe825d9d1dfb47a2361630512831b4a420d4c44a69b9d292874174019ae1d87b588e436ac586377aeb823481 manifest-sha256.txt\n1813a526c5cab267906b06d277848cdb174b98c5111b9ecc4b3b6e5980d5f354c9d43abca6f59c9ebdf18bbd1da98aac9cc16c019c8a9a8e2d4b9c7ffe3dcb2e manifest-sha512.txt\n",
    },
    "v1.0/valid/basicBag": {
        "bagit.txt": b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n",
        "data/hello.txt": b"hello\n",
        "manifest-sha512.txt": b"e7c22b994c59d9cf2b48e549b1e24666636045930d3da7c1acb299d1c3b7f931f94aae41edda2c2b207a36e10f8bcb8d45223e54878f5b316e7ce3b6bc019629  data/hello.txt\n",
        "tagmanifest-sha512.txt": b"1d73ae108d4109b61f56698a5e19ee1f8947bdf8940bbce6adbe5e0940c2363caace6a547b4f1b3ec6a4fd2b7fa845e9cb9d28823bc72c59971718bb26f2fbd8  bagit.txt\n00c69a00e6af794264d4503c2bd71d31b7bc5c4aa341a11e5ee87a2440f30079db9e5ac26103dd7e0b000eec446980bee85cfe37f64c4fdd736e468aa2040244  manifest-sha512.txt\n",
    },
}
